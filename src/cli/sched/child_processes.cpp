// SPDX-License-Identifier: BSL-1.0
#include "child_processes.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>

#include "../compare/interrupt.hpp"

namespace heddle::inline v0::cli {

held_signals::held_signals() {
    ::sigemptyset(&held_);
    for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
        struct sigaction now{};
        // One that is held is not ignored, so those that are must not be.
        if (::sigaction(s, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) ::sigaddset(&held_, s);
    }
    // Where it is ignored, nobody learns how a child ended.
    struct sigaction usual{};
    usual.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &usual, &on_child_);
    ::sigaddset(&held_, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &held_, &before_);
}

held_signals::~held_signals() {
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    ::sigaction(SIGCHLD, &on_child_, nullptr);
}

void held_signals::become_child(::pid_t parent) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(3);  // it has gone already
    ::sigaction(SIGCHLD, &on_child_, nullptr);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::vector<int> held_signals::wait_for(const std::vector<::pid_t>& children, bool kill) const {
    std::vector<int> status(children.size(), 0);
    std::vector<char> ended(children.size(), 0);
    std::size_t left = children.size();
    bool interrupted = false;
    while (true) {
        for (std::size_t i = 0; i < children.size(); ++i)
            if (ended[i] == 0 && ::waitpid(children[i], &status[i], WNOHANG) != 0) {
                ended[i] = 1;
                --left;
            }
        if (left == 0) break;
        const int signal = ::sigwaitinfo(&held_, nullptr);
        if (signal < 0 || signal == SIGCHLD) continue;
        for (std::size_t i = 0; i < children.size(); ++i)
            if (ended[i] == 0) ::kill(children[i], kill || interrupted ? SIGKILL : signal);
        interrupted = true;
    }
    if (interrupted) throw interrupted_error();
    return status;
}

}  // namespace heddle::inline v0::cli
