// SPDX-License-Identifier: BSL-1.0
#include <sys/syscall.h>
#include <array>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <heddle/rt/thread_record.hpp>
#include <string>

namespace heddle::inline v0::rt {

namespace {

std::string read_line(pid_t thread, const char* file) {
    std::ifstream in("/proc/self/task/" + std::to_string(thread) + "/" + file);
    std::string line;
    std::getline(in, line);
    return line;
}

// Whether the thread is on a CPU: then its CPU time goes on between two looks. The number of another thread's
// clock is made of its own as clock_gettime(2) says.
bool on_a_cpu(pid_t thread) noexcept {
    const auto clock = static_cast<clockid_t>((~static_cast<unsigned>(thread) << 3) | 6U);
    timespec before{};
    timespec after{};
    if (::clock_gettime(clock, &before) != 0 || ::clock_gettime(clock, &after) != 0) return true;
    return before.tv_nsec != after.tv_nsec || before.tv_sec != after.tv_sec;
}

std::string name_of_call(const std::string& line) {
    long number = -1;
    if (std::sscanf(line.c_str(), "%ld", &number) != 1) return {};
    struct known {
        long number;
        const char* name;
    };
    static constexpr std::array calls{
        known{SYS_read, "read"},
        known{SYS_write, "write"},
        known{SYS_futex, "futex"},
        known{SYS_clock_nanosleep, "sleep"},
        known{SYS_epoll_pwait, "epoll"},
        known{SYS_ppoll, "poll"},
        known{SYS_pselect6, "select"},
        known{SYS_accept4, "accept"},
        known{SYS_recvfrom, "recv"},
        known{SYS_recvmsg, "recvmsg"},
        known{SYS_sendto, "send"},
        known{SYS_connect, "connect"},
        known{SYS_wait4, "wait4"},
        known{SYS_waitid, "waitid"},
        known{SYS_rt_sigtimedwait, "sigwait"},
#if defined(__x86_64__)
        known{SYS_poll, "poll"},
        known{SYS_epoll_wait, "epoll"},
        known{SYS_nanosleep, "sleep"},
        known{SYS_pause, "pause"},
        known{SYS_select, "select"},
#endif
    };
    for (const auto& c : calls)
        if (c.number == number) return c.name;
    return number < 0 ? std::string() : "system call " + std::to_string(number);
}

}  // namespace

thread_activity activity_of(pid_t native_id) {
    const std::string stat = read_line(native_id, "stat");
    const auto after_name = stat.rfind(')');  // the name may hold anything
    if (after_name == std::string::npos || after_name + 2 >= stat.size()) return {};
    switch (stat[after_name + 2]) {
        case 'R':
            return {on_a_cpu(native_id) ? thread_activity::running : thread_activity::runnable, {}};
        case 'S':
        case 'D':
        case 'I':
            return {thread_activity::blocked, name_of_call(read_line(native_id, "syscall"))};
        case 'T':
        case 't':
            return {thread_activity::stopped, {}};
        default:
            return {};  // it ends
    }
}

}  // namespace heddle::inline v0::rt
