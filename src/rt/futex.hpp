// SPDX-License-Identifier: BSL-1.0
#pragma once

// The futex system call, reached through libc's syscall() so that a checker can interpose it.

#include <atomic>
#include <cstdint>
#include <heddle/rt/clock.hpp>

namespace heddle::inline v0::rt {

/// Sleeps while `word` holds `expected`; returns false only when the deadline passed. May return early.
bool futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, deadline until) noexcept;

/// Wakes up to `count` sleepers. Only the address is used, so the word may be gone by then: a waker publishes
/// its change first and the sleeper may leave at once. The worst effect is a spurious wake-up of whatever is
/// there now.
void futex_wake(const std::atomic<std::uint32_t>* word, int count) noexcept;

}  // namespace heddle::inline v0::rt
