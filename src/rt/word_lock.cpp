// SPDX-License-Identifier: BSL-1.0
#include "futex.hpp"

#include <pthread.h>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/word_lock.hpp>

namespace heddle::inline v0::rt {

namespace {
// A forked child has one thread, and nobody who could free what another held in the parent.
const int at_fork = ::pthread_atfork(nullptr, nullptr, [] { detail::fork_generation += 4; });
}  // namespace

void word_lock::lock_slow() noexcept {
    // The sections are a few instructions long: a short spin usually sees the lock freed. It is bounded by
    // count and not by time because reading a clock costs more than the whole section.
    const int looks = controlled() ? 0 : 40;
    for (int i = 0; i < looks; ++i) {
        if (try_lock()) return;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }
    const std::uint32_t here = detail::fork_generation;
    while (!is_free(word_.exchange(here | contended, std::memory_order_acquire), here))
        futex_wait(word_, here | contended, deadline::never());
}

void word_lock::wake() noexcept {
    futex_wake(&word_, 1);
}

}  // namespace heddle::inline v0::rt
