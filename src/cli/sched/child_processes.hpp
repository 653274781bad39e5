// SPDX-License-Identifier: BSL-1.0
#pragma once

// Processes that are waited for by one who has to clean up behind them, also when the user presses ^C.

#include <sys/types.h>
#include <csignal>
#include <vector>

namespace heddle::inline v0::cli {

/// While it lives, ^C and requests to terminate wait until somebody looks: nothing is interrupted half done.
/// Those that the program ignores stay ignored. For a program of one thread.
class held_signals {
 public:
    held_signals();
    held_signals(const held_signals&) = delete;
    held_signals& operator=(const held_signals&) = delete;
    ~held_signals();  // now they come, if nobody has taken them

    /// In a child: signals as they were, and it ends when its parent does, which `parent` is.
    void become_child(::pid_t parent) const;

    /// Waits until all children have ended, and gives the status of each. When the user interrupts, they get
    /// the signal too, or SIGKILL if `kill` says so or the user insists; when they have ended,
    /// interrupted_error is thrown.
    std::vector<int> wait_for(const std::vector<::pid_t>& children, bool kill) const;

 private:
    sigset_t held_{};
    sigset_t before_{};
    struct sigaction on_child_{};
};

}  // namespace heddle::inline v0::cli
