// SPDX-License-Identifier: BSL-1.0
#include "server_link.hpp"

#include "fd_message.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/rt/error.hpp>
#include <string_view>
#include <vector>

namespace heddle::inline v0 {

namespace {

// Long enough for a program with slow static initialisation on a loaded machine; a program that does not
// serve at all would otherwise be waited for for ever.
constexpr std::chrono::seconds patience{30};

struct socket_pair {
    unique_fd ours;
    unique_fd theirs;
};

socket_pair make_pair(int type) {
    int fds[2];
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0)
        throw_system_error(errno, "cannot create a socket pair");
    return {unique_fd(fds[0]), unique_fd(fds[1])};
}

// Starts this program again with `control` as descriptor 3.
pid_t spawn_server(int control) {
    constexpr int place = 3;
    const std::string setting = std::string(fork_server_variable) + "=" + std::to_string(place);
    std::vector<char*> environment;
    for (char** e = environ; *e != nullptr; ++e)
        if (!std::string_view(*e).starts_with(std::string(fork_server_variable) + "="))
            environment.push_back(*e);
    environment.push_back(const_cast<char*>(setting.c_str()));
    environment.push_back(nullptr);
    char* const arguments[] = {program_invocation_name, nullptr};

    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    // In this order: in a process without standard input, `control` may be descriptor 0.
    ::posix_spawn_file_actions_adddup2(&files, control, place);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    // What this process ignores would be ignored there too, and without SIGCHLD no worker's end would be
    // seen.
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t pid = 0;
    const int failed =
        ::posix_spawn(&pid, "/proc/self/exe", &files, &attributes, arguments, environment.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&files);
    if (failed != 0) throw_system_error(failed, "cannot start the fork server");
    return pid;
}

}  // namespace

task<void> server_link::async_start() {
    // Several workers may be wanted at once: the first who comes launches, the others await the same launch.
    if (!launching_.valid()) launching_ = spawn(launch());
    const future<void> launched = launching_;
    co_await launched;
}

task<void> server_link::launch() {
    std::exception_ptr failed;
    try {
        start_server();
        const future<void> ready = hello_.get_future();
        listening_ = spawn(listen());
        const future<void> watchdog = spawn(kill_if_silent());
        try {
            co_await ready;
        } catch (...) {
            failed = std::current_exception();
        }
        watchdog.request_stop();
    } catch (...) {
        failed = std::current_exception();
    }
    if (!failed) co_return;
    launching_ = {};  // by nobody else until here, so that there is one launch at a time
    std::rethrow_exception(failed);
}

void server_link::start_server() {
    socket_pair sockets = make_pair(SOCK_SEQPACKET);
    pid_ = spawn_server(sockets.theirs.get());
    // Waiting for this one child through its pidfd leaves the user's SIGCHLD and other children alone. Where
    // the user ignores SIGCHLD or waits for any child, the server may be gone already, and its number be
    // another's later.
    unique_fd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!handle && errno != ESRCH) {
        const int failed = errno;
        ::kill(pid_, SIGKILL);
        ::waitid(P_PID, static_cast<id_t>(std::exchange(pid_, 0)), nullptr, WEXITED);
        throw_system_error(failed, "cannot watch the fork server");
    }
    process_ = handle ? pollable(std::move(handle)) : pollable();
    sockets.theirs.reset();
    control_ = pollable(std::move(sockets.ours));
    hello_ = promise<void>();
}

task<void> server_link::kill_if_silent() {
    co_await sleep(patience);
    if (pid_ != 0) ::kill(pid_, SIGKILL);  // listen() then sees the socket closed
}

task<void> server_link::listen() {
    try {
        co_await receive_all();
    } catch (const std::exception&) {
        // It cannot be listened to, for want of a file say, and so is of no use.
        if (pid_ != 0) ::kill(pid_, SIGKILL);
    }
    control_.close();  // the server, if it lives, sees it, kills what workers are left, and ends
    co_await async_reap();
    lost();
}

task<void> server_link::receive_all() {
    for (;;) {
        server_message m;
        unique_fd none;
        control_.before_try(rt::direction::read);
        const received r = receive_message(control_.fd(), m, none);
        if (r == received::message)
            handle(m);
        else if (r == received::nothing)
            co_await control_.async_wait(rt::direction::read, rt::deadline::never());
        else
            co_return;
    }
}

task<void> server_link::async_reap() {
    pid_ = 0;
    killed_by_ = 0;
    if (!process_) co_return;
    try {
        co_await process_.async_wait(rt::direction::read, rt::deadline::never());
    } catch (const std::system_error&) {
        // The loop cannot wait for it; the call below does.
    }
    siginfo_t end{};
    if (::waitid(P_PIDFD, static_cast<id_t>(process_.fd()), &end, WEXITED) == 0 && end.si_code != CLD_EXITED)
        killed_by_ = end.si_status;
    process_.close();
}

void server_link::handle(const server_message& m) {
    switch (m.what) {
        case server_message::kind::hello:
            hello_.set_value();
            break;
        case server_message::kind::started: {
            promise<pid_t> asked = std::move(starting_.front());
            starting_.pop_front();
            children_.try_emplace(m.pid);
            asked.set_value(m.pid);
            break;
        }
        case server_message::kind::refused: {
            promise<pid_t> asked = std::move(starting_.front());
            starting_.pop_front();
            asked.set_exception(std::make_exception_ptr(std::system_error(
                m.value, std::generic_category(), "cannot fork a worker of pool '" + pool_ + "'")));
            break;
        }
        case server_message::kind::ended:
            if (const auto found = children_.find(m.pid); found != children_.end()) {
                // A process that a task of its left behind may still hold the other end: no more will come
                // all the same.
                if (const auto stream = found->second.stream.lock()) ::shutdown(stream->fd(), SHUT_RD);
                if (!found->second.end.done()) found->second.end.set_value(m.value);
            }
            break;
        case server_message::kind::start:
            break;
    }
}

// The server has closed the socket: it has ended, and the kernel has killed its workers.
void server_link::lost() {
    ++losses_;
    if (hello_.done())
        launching_ = {};
    else
        hello_.set_exception(std::make_exception_ptr(broken_pool(
            "pool '" + pool_ + "': " +
            (killed_by_ != 0 ? "the fork server was killed by signal " + std::to_string(killed_by_) + " (" +
                                   ::strsignal(killed_by_) + ") before it was ready"
                             : "the program does not serve as its own fork server; call "
                               "heddle::process_main() first thing in main()"))));
    for (auto& asked : starting_)
        asked.set_exception(std::make_exception_ptr(
            worker_died("the fork server of pool '" + pool_ + "' died", pid_, SIGKILL, 0)));
    starting_.clear();
    for (auto& [pid, c] : children_) {
        if (const auto stream = c.stream.lock()) ::shutdown(stream->fd(), SHUT_RD);
        if (!c.end.done()) c.end.set_value(SIGKILL);
    }
}

task<worker_process> server_link::async_start_worker() {
    co_await async_start();
    socket_pair sockets = make_pair(SOCK_STREAM);
    promise<pid_t> asked;
    const future<pid_t> answered = asked.get_future();
    for (;;) {
        control_.before_try(rt::direction::write);
        if (send_message(control_.fd(), {server_message::kind::start, 0, 0}, sockets.theirs.get())) break;
        if (errno == EAGAIN) {
            co_await control_.async_wait(rt::direction::write, rt::deadline::never());
            continue;
        }
        // The server died a moment ago. It can be replaced once it has been waited for.
        const future<void> over = listening_;
        co_await over;
        throw worker_died("the fork server of pool '" + pool_ + "' died", 0, SIGKILL, 0);
    }
    starting_.push_back(std::move(asked));  // answers come in the order of the requests
    sockets.theirs.reset();
    const pid_t pid = co_await answered;
    worker_process worker{pid, std::make_shared<byte_stream>(std::move(sockets.ours))};
    if (const auto found = children_.find(pid); found != children_.end())
        found->second.stream = worker.stream;
    std::array<std::byte, 1> ready;
    bool died = false;
    try {
        died = co_await worker.stream->async_read_full(ready) == 0;
    } catch (const std::system_error&) {
        died = true;
    }
    if (died) {
        const int status = co_await async_ended(pid);
        throw worker_died("a worker of pool '" + pool_ + "' died before it was ready", pid,
                          WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                          WIFEXITED(status) ? WEXITSTATUS(status) : 0);
    }
    co_return worker;
}

bool server_link::has_ended(pid_t pid) const {
    const auto found = children_.find(pid);
    return found == children_.end() || found->second.end.done();
}

task<int> server_link::async_ended(pid_t pid) {
    const auto found = children_.find(pid);
    if (found == children_.end()) co_return SIGKILL;
    const future<int> end = found->second.end.get_future();
    const int status = co_await end;
    children_.erase(pid);
    co_return status;
}

task<void> server_link::async_stop() {
    control_.close();
    const future<void> over = listening_;  // which sees it closed, and waits for the server
    if (over.valid()) co_await over;
}

}  // namespace heddle::inline v0
