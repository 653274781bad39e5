// SPDX-License-Identifier: BSL-1.0
#include "fork_server.hpp"

#include "fd_message.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <heddle/rt/poller.hpp>
#include <set>

namespace heddle::inline v0 {

namespace {

constexpr int server_failed = 70;  // EX_SOFTWARE; the parent sees a closed socket and reports it

// In the forked child: nothing of the server's stays but standard output and error.
[[noreturn]] void become_worker(int task_socket, pid_t server, const sigset_t& mask) {
    // The server is single-threaded, so the signal comes when it dies and not when some thread of it does.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != server) ::_exit(0);  // it died in between
    const int null = ::open("/dev/null", O_RDONLY);
    if (null > 0) ::dup2(null, STDIN_FILENO);
    constexpr int kept = 3;
    if (task_socket != kept) ::dup3(task_socket, kept, O_CLOEXEC);
    ::close_range(kept + 1, ~0U, 0);
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    serve_tasks(kept);
}

class server {
 public:
    explicit server(int control) : control_(control) {
        // A terminal sends ^C to the whole group; what happens then is for the parent to decide. The workers
        // inherit this.
        std::signal(SIGINT, SIG_IGN);
        std::signal(SIGPIPE, SIG_IGN);
        sigset_t child;
        ::sigemptyset(&child);
        ::sigaddset(&child, SIGCHLD);
        ::sigprocmask(SIG_BLOCK, &child, nullptr);
        ::sigemptyset(&worker_mask_);
        children_ended_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    }

    [[noreturn]] void run() {
        if (!send_message(control_, {server_message::kind::hello, ::getpid(), 0})) ::_exit(server_failed);
        const std::array<int, 2> inputs{control_, children_ended_};
        for (;;) {
            if (rt::wait_any(inputs) == 1)
                reap();
            else
                serve_one();
        }
    }

 private:
    void serve_one() {
        server_message request;
        unique_fd socket;
        if (receive_message(control_, request, socket) != received::message) end();
        if (request.what != server_message::kind::start) return;
        if (!socket) {  // it did not fit into our table of files
            send_message(control_, {server_message::kind::refused, 0, EMFILE});
            return;
        }
        const pid_t self = ::getpid();
        const pid_t pid = ::fork();
        if (pid == 0) become_worker(socket.get(), self, worker_mask_);
        if (pid < 0) {
            send_message(control_, {server_message::kind::refused, 0, errno});
            return;
        }
        workers_.insert(pid);
        // Before anybody hears of the worker: as long as this copy is open, the end of the worker's stream
        // does not show that it has died, and a call sent to the dead worker would be lost.
        socket.reset();
        send_message(control_, {server_message::kind::started, pid, 0});
    }

    void reap() {
        signalfd_siginfo info;
        while (::read(children_ended_, &info, sizeof info) > 0) {
        }
        int status = 0;
        // All children of this process are its workers, so waiting for any of them takes nothing from
        // anybody.
        for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            workers_.erase(pid);
            send_message(control_, {server_message::kind::ended, pid, status});
        }
    }

    // The parent is gone, or wants no more.
    [[noreturn]] void end() {
        for (const pid_t pid : workers_) ::kill(pid, SIGKILL);
        for (std::size_t left = workers_.size(); left > 0; --left) ::waitpid(-1, nullptr, 0);
        ::_exit(0);
    }

    int control_;
    int children_ended_ = -1;
    sigset_t worker_mask_{};
    std::set<pid_t> workers_;
};

}  // namespace

void serve_forks(int control) {
    // Whatever else the parent had open is not ours. The descriptor is moved to a known place first.
    constexpr int kept = 3;
    if (control != kept) ::dup2(control, kept);
    ::fcntl(kept, F_SETFD, FD_CLOEXEC);
    // A parent may have closed its standard files. Those numbers must be taken, or a task that prints would
    // print into a socket of ours.
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) != -1) continue;
        if (::open("/dev/null", O_RDWR) != fd) ::_exit(server_failed);  // it gives the lowest that is free
    }
    ::close_range(kept + 1, ~0U, 0);
    server(kept).run();
}

}  // namespace heddle::inline v0
