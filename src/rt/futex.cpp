// SPDX-License-Identifier: BSL-1.0
#include "futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <ctime>

namespace heddle::inline v0::rt {

bool futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, deadline until) noexcept {
    timespec at{};
    timespec* timeout = nullptr;
    if (!until.is_never()) {
        const auto ns = until.when().time_since_epoch().count();
        if (ns <= 0) return false;
        at.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
        at.tv_nsec = static_cast<long>(ns % 1'000'000'000);
        timeout = &at;
    }
    // The bitset form takes an absolute time on CLOCK_MONOTONIC, so an interrupted wait is not lengthened.
    const long r = ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, timeout,
                             nullptr, FUTEX_BITSET_MATCH_ANY);
    return !(r == -1 && errno == ETIMEDOUT);
}

void futex_wake(const std::atomic<std::uint32_t>* word, int count) noexcept {
    ::syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, nullptr, nullptr, 0);
}

}  // namespace heddle::inline v0::rt
