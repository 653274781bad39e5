// SPDX-License-Identifier: BSL-1.0
#include "futex.hpp"

#include <heddle/rt/word_lock.hpp>

namespace heddle::inline v0::rt {

void word_lock::lock_slow() noexcept {
    // The sections are a few instructions long: a short spin usually sees the lock freed. It is bounded by
    // count and not by time because reading a clock costs more than the whole section.
    for (int i = 0; i < 40; ++i) {
        if (word_.load(std::memory_order_relaxed) == 0 && try_lock()) return;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }
    while (word_.exchange(2, std::memory_order_acquire) != 0) futex_wait(word_, 2, deadline::never());
}

void word_lock::wake() noexcept {
    futex_wake(&word_, 1);
}

}  // namespace heddle::inline v0::rt
