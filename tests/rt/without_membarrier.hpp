// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs tests of this program once more in a process whose kernel has no membarrier(2), as in a container that
// filters system calls.

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace tests {

/// Whether this is that process.
inline bool membarrier_is_kept_back() {
    return std::getenv("HEDDLE_TESTS_WITHOUT_MEMBARRIER") != nullptr;
}

/// @return the exit status of the tests that `filter` names; -1 if such a process cannot be made here.
inline int run_without_membarrier(const std::string& filter) {
    const std::string only = "--gtest_filter=" + filter;
    const char* const arguments[] = {"/proc/self/exe", only.c_str(), nullptr};
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filtered{sizeof program / sizeof *program, program};
    constexpr int impossible = 126;
    ::setenv("HEDDLE_TESTS_WITHOUT_MEMBARRIER", "1", 1);
    const pid_t child = ::fork();
    if (child == 0) {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
            ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filtered) == 0)
            ::execv(arguments[0], const_cast<char* const*>(arguments));
        ::_exit(impossible);
    }
    ::unsetenv("HEDDLE_TESTS_WITHOUT_MEMBARRIER");
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status) == impossible ? -1 : WEXITSTATUS(status);
}

}  // namespace tests
