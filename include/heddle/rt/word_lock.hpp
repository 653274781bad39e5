// SPDX-License-Identifier: BSL-1.0
#pragma once

// The lock under which heddle keeps its own books: one word, blocks the thread, never a task. It guards a few
// instructions at a time (a bucket of the parking lot, the queue of a pool) and knows nothing of tasks,
// fairness or cancellation. Use heddle's primitives for everything else.

#include <atomic>
#include <cstdint>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

namespace detail {
/// How many forks led from the first process of this program to this one, times a multiple of 4. Changes in
/// the child of a fork, before that has a second thread, and never otherwise. One for the process, also when
/// several shared objects carry heddle: defined in process_wide.S.
HEDDLE_API extern std::uint32_t fork_generation asm("heddle_0_1_fork_generation");
}  // namespace detail

/// A one-word mutex for short critical sections inside heddle; meets Lockable.
///
/// In the child of a fork it is free, whoever held it in the parent.
class HEDDLE_API word_lock {
 public:
    constexpr word_lock() noexcept = default;
    word_lock(const word_lock&) = delete;
    word_lock& operator=(const word_lock&) = delete;

    // Source: U. Drepper, "Futexes Are Tricky" (2011), mutex 3. Invariant: the low two bits of word_ are 0
    // when free, 1 when held and nobody sleeps, 2 when held and somebody may sleep; a sleeper has always seen
    // or stored 2 first. The other bits are the generation in which that was written; in another one it means
    // free, because whoever held the lock does not exist here. acquire/release: everything written under the
    // lock is visible to its next owner. Nothing else is ordered.

    /// Takes the lock. Blocks the thread.
    void lock() noexcept {
        std::uint32_t free = detail::fork_generation;
        if (!word_.compare_exchange_strong(free, free | held, std::memory_order_acquire,
                                           std::memory_order_relaxed)) [[unlikely]]
            lock_slow();
    }

    /// Takes the lock if it is free.
    bool try_lock() noexcept {
        const std::uint32_t here = detail::fork_generation;
        std::uint32_t word = word_.load(std::memory_order_relaxed);
        return is_free(word, here) &&
               word_.compare_exchange_strong(word, here | held, std::memory_order_acquire,
                                             std::memory_order_relaxed);
    }

    /// Frees the lock.
    void unlock() noexcept {
        const std::uint32_t here = detail::fork_generation;
        if (word_.exchange(here, std::memory_order_release) == (here | contended)) [[unlikely]]
            wake();
    }

 private:
    static constexpr std::uint32_t held = 1;
    static constexpr std::uint32_t contended = 2;
    static constexpr std::uint32_t state = 3;

    static bool is_free(std::uint32_t word, std::uint32_t generation) noexcept {
        return (word & state) == 0 || (word & ~state) != generation;
    }
    void lock_slow() noexcept;
    void wake() noexcept;

    std::atomic<std::uint32_t> word_{0};
};

}  // namespace heddle::inline v0::rt
