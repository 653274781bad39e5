// SPDX-License-Identifier: BSL-1.0
#pragma once

// What tests ask the system about processes: have they ended, what is left of them.

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <heddle/io/unique_fd.hpp>
#include <heddle/rt/poller.hpp>
#include <iterator>
#include <string>
#include <vector>

namespace processes {

/// Far longer than anything here takes: only a hang gets there.
inline constexpr std::chrono::seconds patience{60};

/// A process by a handle that does not come to mean another one.
class watched {
 public:
    explicit watched(pid_t pid) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

    /// Waits until it has ended; true also if it had before. @return false if it has not, for very long
    bool ended() const {
        return !fd_ || heddle::rt::wait_ready(fd_.get(), heddle::rt::direction::read,
                                              heddle::rt::deadline::after(patience));
    }

 private:
    heddle::unique_fd fd_;
};

/// Kills it and waits until it is dead, though perhaps not yet waited for by its parent.
inline bool kill_dead(pid_t pid) {
    const watched process(pid);
    ::kill(pid, SIGKILL);
    return process.ended();
}

/// Whether this process has any child, dead or alive.
inline bool have_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/// The parent of a process, 0 if it has gone.
inline pid_t parent_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    std::getline(file, stat);
    // pid (name) state parent …, and a name may contain anything.
    const auto behind_name = stat.rfind(") ");
    return behind_name == std::string::npos ? 0 : std::atoi(stat.c_str() + behind_name + 4);
}

/// This process's children that are alive or not waited for.
inline std::vector<pid_t> children() {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc"))
        if (const pid_t pid = std::atoi(entry.path().filename().c_str());
            pid > 0 && parent_of(pid) == ::getpid())
            found.push_back(pid);
    return found;
}

inline std::ptrdiff_t open_files() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

}  // namespace processes
