// SPDX-License-Identifier: BSL-1.0
#pragma once

// The lock under which heddle keeps its own books: one word, blocks the thread, never a task. It guards a few
// instructions at a time (a bucket of the parking lot, the queue of a pool) and knows nothing of tasks,
// fairness or cancellation. Use heddle's primitives for everything else.

#include <atomic>
#include <cstdint>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

/// A one-word mutex for short critical sections inside heddle; meets Lockable.
class HEDDLE_API word_lock {
 public:
    constexpr word_lock() noexcept = default;
    word_lock(const word_lock&) = delete;
    word_lock& operator=(const word_lock&) = delete;

    // Source: U. Drepper, "Futexes Are Tricky" (2011), mutex 3. Invariant: word_ is 0 when free, 1 when held
    // and nobody sleeps, 2 when held and somebody may sleep; a sleeper has always seen or stored 2 first.
    // acquire/release: everything written under the lock is visible to its next owner. Nothing else is
    // ordered.

    /// Takes the lock. Blocks the thread.
    void lock() noexcept {
        std::uint32_t free = 0;
        if (!word_.compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed))
            [[unlikely]]
            lock_slow();
    }

    /// Takes the lock if it is free.
    bool try_lock() noexcept {
        std::uint32_t free = 0;
        return word_.compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed);
    }

    /// Frees the lock.
    void unlock() noexcept {
        if (word_.exchange(0, std::memory_order_release) == 2) [[unlikely]]
            wake();
    }

 private:
    void lock_slow() noexcept;
    void wake() noexcept;

    std::atomic<std::uint32_t> word_{0};
};

}  // namespace heddle::inline v0::rt
