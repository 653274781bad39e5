// SPDX-License-Identifier: BSL-1.0
#include "server.hpp"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstring>
#include <utility>
#include "arena.hpp"
#include "ending.hpp"
#include "failure.hpp"
#include "instrumented.hpp"
#include "model_signal.hpp"
#include "real.hpp"
#include "rewind.hpp"
#include "spare.hpp"
#include "stack.hpp"
#include "switch.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

// The descriptors that the explorer leaves to the server: the socket, and after it the shared memory, the
// place for the program's output, and that for a standard output which is compared.
constexpr int memory_after_socket = 1;
constexpr int output_after_socket = 2;
constexpr int compared_after_socket = 3;

// By the system calls: the program may have functions and variables of its own by the names of libc's.
bool send_answer(int socket, const answer& a) noexcept {
    return system_call(SYS_sendto, socket, reinterpret_cast<long>(&a), sizeof a, MSG_NOSIGNAL) ==
           static_cast<long>(sizeof a);
}

// Ends the process if nobody asks any more.
void receive_request(int socket) noexcept {
    char wanted = 0;
    long n = 0;
    do n = system_call(SYS_recvfrom, socket, reinterpret_cast<long>(&wanted), 1);
    while (n == -EINTR);
    if (n != 1 || wanted != static_cast<char>(request::run)) ::_exit(0);
}

// Whether it pays to let copies run many schedules: not where they do what cannot be undone within the first
// few, again and again, as the image of the memory is taken each time. Who has given up does not try again.
class rewinding_pays {
 public:
    explicit operator bool() const noexcept { return ended_soon_ < too_often; }
    void note(std::uint32_t schedules) noexcept { ended_soon_ = schedules > few ? 0 : ended_soon_ + 1; }

 private:
    static constexpr std::uint32_t few = 3;
    static constexpr unsigned too_often = 10;
    unsigned ended_soon_ = 0;
};

// @return whether the carrier runs the threads
bool prepare_schedule(orders& o) noexcept {
    if ((o.flags & order_jitter) != 0) return false;
    if (!carrier_possible()) o.flags |= order_baton;
    if ((o.flags & order_baton) != 0) return false;
    make_spares(o.spares);
    return true;
}

void begin_outcome(channel& shared) noexcept {
    shared.answered = 0;
    std::memset(&shared.outcome, 0, sizeof shared.outcome);
    shared.outcome.instrumented = program_is_instrumented;
    shared.outcome.pid = ::getpid();
    ++shared.ran;
}

void run_child(channel& shared, int socket, bool again) noexcept {
    const int output = socket + output_after_socket;
    // If the server dies nobody would watch this process.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if ((shared.orders.flags & order_quiet) != 0) {
        ::dup2(output, 1);
        ::dup2(output, 2);
    }
    if ((shared.orders.flags & order_capture) != 0) ::dup2(socket + compared_after_socket, 1);
    if ((shared.orders.flags & order_jitter) != 0) {
        begin_outcome(shared);
        begin_jitter(shared);
        watch_signals();
        return;
    }
    watch_signals();
    // Registered first, it is called last: after the program's own destructors.
    ::atexit([] { record_outcome(verdict::finished); });
    if (again) begin_rewinding(socket, shared);
    begin_outcome(shared);
    begin_schedule(shared);
}

}  // namespace

void serve_schedules(int socket, channel& shared) {
    find_real_functions();
    prepare_threads();
    prepare_signals();
    prepare_stacks();
    prepare_arena();
    prepare_rewinding();
    // One thread runs at a time: more than one arena would only be mapped anew in each copy.
    ::mallopt(M_ARENA_MAX, 1);
    shared.outcome.instrumented = program_is_instrumented;
    if (!send_answer(socket, {.pid = -1})) ::_exit(0);
    rewinding_pays pays;
    for (;;) {
        if (!std::exchange(shared.handed_back, 0)) receive_request(socket);
        std::memset(&shared.outcome, 0, sizeof shared.outcome);
        const bool carried = prepare_schedule(shared.orders);
        const bool again = carried && (shared.orders.flags & order_fork) == 0 && pays;
        shared.ran = 0;
        shared.answered = 0;
        const pid_t pid = ::fork();
        if (pid == 0) {
            if (!again) ::close(socket);
            if (carried) use_spares();
            run_child(shared, socket, again);
            return;
        }
        if (pid < 0) {
            if (!send_answer(socket, {.pid = -errno})) ::_exit(0);
            continue;
        }
        shared.outcome.pid = pid;
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (again && shared.handed_back == 0) pays.note(shared.ran);
        if (shared.handed_back == 0 &&
            !send_answer(
                socket, {.pid = pid, .wait_status = status, .of_server = true, .idle = shared.answered != 0}))
            ::_exit(0);
    }
}

void serve_schedules() {
    const char* const value = ::getenv(channel_variable);
    if (value == nullptr) return;
    const int socket = std::atoi(value);
    ::unsetenv(channel_variable);
    // Not for the processes that the program starts.
    ::unsetenv("LD_PRELOAD");
    if (const char* const bound = ::getenv(bind_now_variable);
        bound != nullptr && std::strcmp(bound, bound_by_explorer) == 0)
        ::unsetenv(bind_now_variable);
    for (int fd = socket; fd <= socket + compared_after_socket; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    void* const memory =
        ::mmap(nullptr, sizeof(channel), PROT_READ | PROT_WRITE, MAP_SHARED, socket + memory_after_socket, 0);
    if (memory == MAP_FAILED) return;
    channel& shared = *static_cast<channel*>(memory);
    if (shared.magic != channel_magic || shared.version != channel_version) {
        constexpr char text[] = "heddle check: the command and the runtime are of different versions\n";
        (void)!::write(2, text, sizeof text - 1);
        ::_exit(127);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve_schedules(socket, shared);
}

}  // namespace heddle::inline v0::check::runtime
