// SPDX-License-Identifier: BSL-1.0
#include "schedule_server.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <heddle/rt/error.hpp>
#include <system_error>

#include "output_difference.hpp"

extern char** environ;

namespace heddle::inline v0::check {

namespace {

// Socket, shared memory, output, captured output: in this order from here on, in the checked program.
constexpr int first_descriptor = 200;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::vector<std::string> environment_of(const target& what, bool bind_now) {
    std::vector<std::string> result;
    for (char** e = environ; *e != nullptr; ++e)
        if (std::strncmp(*e, "LD_PRELOAD=", 11) != 0) result.emplace_back(*e);
    std::string preload = what.runtime;
    if (const char* const before = ::getenv("LD_PRELOAD"); before != nullptr && *before != 0)
        preload += std::string(":") + before;
    result.push_back("LD_PRELOAD=" + preload);
    result.push_back(std::string(channel_variable) + "=" + std::to_string(first_descriptor));
    if (bind_now && ::getenv(bind_now_variable) == nullptr)
        result.push_back(std::string(bind_now_variable) + "=" + bound_by_explorer);
    for (const auto& [name, value] : what.environment) result.push_back(name + "=" + value);
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& s : strings) result.push_back(s.data());
    result.push_back(nullptr);
    return result;
}

// Hundreds of failing schedules would leave hundreds of core files.
void no_core_files() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

void give_descriptors(int socket, int memory, int output, int captured) {
    ::dup2(socket, first_descriptor);
    ::dup2(memory, first_descriptor + 1);
    ::dup2(output, first_descriptor + 2);
    ::dup2(captured, first_descriptor + 3);
}

// How often a schedule that goes on is looked at: it may be stopped at any time.
constexpr std::chrono::milliseconds glance{20};

// Waits for as long as a glance. In the thread itself, and not by the poller that all of heddle's waits share: a
// job keeps its thread on the CPU of its server, so it must not go on in another one, and an answer is all that
// it waits for, tens of thousands of times a second.
bool receive(int socket, answer& a) {
    const ssize_t n = ::recv(socket, &a, sizeof a, 0);
    if (n == static_cast<ssize_t>(sizeof a)) return true;
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return false;
    a = {};  // it has hung up
    return true;
}

}  // namespace

void schedule_server::map_memory() {
    memory_.reset(::memfd_create("heddle-check", MFD_CLOEXEC));
    if (!memory_ || ::ftruncate(memory_.get(), sizeof(channel)) != 0) fail("shared memory for the checker");
    void* const p = ::mmap(nullptr, sizeof(channel), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                           memory_.get(), 0);
    if (p == MAP_FAILED) fail("shared memory for the checker");
    shared_ = static_cast<channel*>(p);
    shared_->magic = channel_magic;
    shared_->version = channel_version;
}

void schedule_server::make_capture() {
    captured_.reset(::memfd_create("heddle-check-output", MFD_CLOEXEC));
    if (!captured_) fail("a file for the program's output");
}

// The server and its copies have the same open file, and so the same place in it.
void schedule_server::begin_capture() {
    if (::ftruncate(captured_.get(), 0) != 0 || ::lseek(captured_.get(), 0, SEEK_SET) != 0)
        fail("the file for the program's output");
}

std::string schedule_server::printed() const {
    struct stat s{};
    if (::fstat(captured_.get(), &s) != 0) fail("the program's output");
    std::string text(static_cast<std::size_t>(s.st_size), '\0');
    std::size_t n = 0;
    while (n < text.size()) {
        const ssize_t got = ::pread(captured_.get(), text.data() + n, text.size() - n, static_cast<off_t>(n));
        if (got <= 0) break;
        n += static_cast<std::size_t>(got);
    }
    text.resize(n);
    return text;
}

void schedule_server::end_capture(process_end& end) {
    const std::string text = printed();
    // Where the user asked for the program's output, that is where it belongs too.
    std::size_t n = 0;
    while (output_ && n < text.size()) {
        const ssize_t written = ::write(output_.get(), text.data() + n, text.size() - n);
        if (written <= 0) break;
        n += static_cast<std::size_t>(written);
    }
    if (expected_ && end.exited) end.difference = output_difference(*expected_, text);
}

// @return the server's end of the socket
unique_fd schedule_server::connect() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) fail("a socket for the checker");
    socket_ = unique_fd(ends[0]);
    const timeval at_most{0, std::chrono::microseconds(glance).count()};
    if (::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &at_most, sizeof at_most) != 0)
        fail("a socket for the checker");
    return unique_fd(ends[1]);
}

schedule_server::schedule_server(const std::function<void(int socket, channel& shared)>& serve) {
    map_memory();
    unique_fd theirs = connect();
    make_capture();
    const unique_fd output(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!output) fail("/dev/null");
    pid_ = ::fork();
    if (pid_ < 0) fail("a process for the checker");
    if (pid_ == 0) {
        no_core_files();
        give_descriptors(theirs.get(), memory_.get(), output.get(), captured_.get());
        socket_.reset();
        serve(first_descriptor, *shared_);
        ::_exit(0);
    }
    theirs.reset();  // or nobody would notice that the server has hung up
    wait_until_ready("the test", false);
}

schedule_server::schedule_server(const target& what) {
    // A program that names a function which is nowhere, and never calls it, starts only the second time.
    if (!start(what, true)) start(what, false);
}

// @return false if the dynamic linker may have refused to bind all functions
bool schedule_server::start(const target& what, bool bind_now) {
    if (shared_ == nullptr) map_memory();
    unique_fd theirs = connect();
    make_capture();
    output_ = unique_fd(::open(what.output.empty() ? "/dev/null" : what.output.c_str(),
                               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (!output_) fail(what.output.c_str());

    std::vector<std::string> arguments = what.command;
    std::vector<std::string> environment = environment_of(what, bind_now);
    const std::vector<char*> argv = pointers(arguments);
    const std::vector<char*> envp = pointers(environment);
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) fail("a pipe");
    const unique_fd result(pipe[0]);
    unique_fd result_to(pipe[1]);

    pid_ = ::fork();
    if (pid_ < 0) fail("a process for the program");
    if (pid_ == 0) {
        // The same addresses in every process: a schedule is the same one only if its locks are where they
        // were.
        ::personality(static_cast<unsigned long>(::personality(0xFFFFFFFF)) | ADDR_NO_RANDOMIZE);
        no_core_files();
        give_descriptors(theirs.get(), memory_.get(), output_.get(), captured_.get());
        ::execvpe(argv[0], argv.data(), envp.data());
        const int error = errno;
        (void)!::write(result_to.get(), &error, sizeof error);
        ::_exit(127);
    }
    result_to.reset();
    int error = 0;
    if (::read(result.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
        errno = error;
        fail(what.command.front().c_str());
    }
    theirs.reset();  // or nobody would notice that the server has hung up
    return wait_until_ready(what.command.front(), bind_now);
}

void schedule_server::pin(int cpu) noexcept {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(cpu), &set);
    if (::sched_setaffinity(pid_, sizeof set, &set) == 0) cpu_ = cpu;
}

bool schedule_server::wait_until_ready(const std::string& program, bool bind_now) {
    answer a{};
    const auto limit = rt::deadline::after(std::chrono::seconds(20));
    while (!receive(socket_.get(), a))
        if (limit.expired())
            throw error(
                program +
                " does not reach its main(): is it statically linked, or does it need input to start?");
    if (a.pid == -1) return true;
    constexpr int refused = 127;  // the dynamic linker's status
    int status = 0;
    const bool ended = ::waitpid(pid_, &status, 0) == pid_;
    if (ended) pid_ = 0;
    if (bind_now && ended && WIFEXITED(status) && WEXITSTATUS(status) == refused) return false;
    throw error(program +
                " ended before its main(): it is statically linked, or its start fails; run it without "
                "the checker");
}

schedule_server::~schedule_server() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    if (shared_ != nullptr) ::munmap(shared_, sizeof(channel));
}

void schedule_server::heat(std::span<const std::uint64_t> instructions) noexcept {
    std::uint64_t* const table = shared_->hot;
    for (const std::uint64_t pc : instructions) {
        std::size_t i = hot_slot(pc);
        for (std::size_t n = 0; n < max_hot && table[i] != 0 && table[i] != pc; ++n) i = (i + 1) % max_hot;
        table[i] = pc;
    }
}

answer schedule_server::receive_soon() {
    answer a;
    while (!receive(socket_.get(), a)) {
    }
    return a;
}

process_end schedule_server::run(const run_limits& limits) {
    const char wanted = static_cast<char>(request::run);
    const bool captures = (shared_->orders.flags & order_capture) != 0;
    if (captures) begin_capture();
    // What the last schedule left must not be taken for this one's before the server has cleared it.
    shared_->outcome.steps = 0;
    __atomic_store_n(&shared_->outcome.pid, 0, __ATOMIC_RELAXED);
    shared_->n_met = 0;
    if (::send(socket_.get(), &wanted, 1, MSG_NOSIGNAL) != 1) return {.lost = true};
    process_end end;
    answer a{};
    std::uint64_t seen = 0;
    rt::clock::time_point moved = rt::clock::now();
    for (;;) {
        if (receive(socket_.get(), a)) {
            if (a.idle) continue;  // the one before has ended meanwhile
            break;
        }
        const rt::clock::time_point now = rt::clock::now();
        const std::uint64_t steps = __atomic_load_n(&shared_->outcome.steps, __ATOMIC_RELAXED);
        if (steps != seen) moved = now;
        seen = steps;
        const std::int32_t pid = __atomic_load_n(&shared_->outcome.pid, __ATOMIC_RELAXED);
        end.stopped = limits.until.expired() || (limits.stop != nullptr && *limits.stop);
        end.hung = !end.stopped && now - moved >= limits.patience;
        if ((!end.stopped && !end.hung) || pid <= 0) continue;
        ::kill(pid, SIGKILL);
        // It ends now. It may have answered itself just before.
        do a = receive_soon();
        while (a.idle);
        for (answer last = a; last.pid > 0 && !last.of_server;) last = receive_soon();
        break;
    }
    if (a.pid == 0) return {.lost = true};
    if (a.pid < 0) throw std::system_error(-a.pid, std::generic_category(), "a process for a schedule");
    end.exited = WIFEXITED(a.wait_status);
    end.status = end.exited ? WEXITSTATUS(a.wait_status) : WTERMSIG(a.wait_status);
    // It may have ended by itself just then.
    if (end.exited || end.status != SIGKILL) end.hung = end.stopped = false;
    if (captures) end_capture(end);
    return end;
}

}  // namespace heddle::inline v0::check
