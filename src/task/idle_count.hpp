// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which workers of a pool sleep, and who is to be woken when there is work.

#include <atomic>
#include <cstdint>

namespace heddle::inline v0::detail {

/// How many workers sleep and how many look for work, in one word.
///
/// The rule: nobody sleeps while there is work and nobody looks for it. Work that appears wakes a worker only
/// if one sleeps and none is looking; the one that looks, when it has found something and more is there,
/// wakes the next. So one wake-up never wakes all, and a busy pool costs who adds work one load.
///
/// Why no work is overlooked. Who adds work stores it (the end of a queue, a count) and then loads this word;
/// a worker that stops looking, be it to sleep or because it found something, changes this word and then
/// looks through the queues once more. All four are seq_cst and so have one order: either the adder sees
/// that nobody looks any more, and wakes somebody, or the worker sees the work.
class idle_count {
 public:
    /// Whether somebody sleeps and nobody looks.
    bool wants_waking() const noexcept {
        const std::uint64_t s = state_.load(std::memory_order_seq_cst);
        return s != 0 && s < searcher;
    }
    /// Becomes the one that looks; false if somebody else is.
    bool begin_search() noexcept {
        std::uint64_t s = state_.load(std::memory_order_relaxed);
        while (s < searcher)
            if (state_.compare_exchange_weak(s, s + searcher, std::memory_order_seq_cst,
                                             std::memory_order_relaxed))
                return true;
        return false;
    }
    void end_search() noexcept { state_.fetch_sub(searcher, std::memory_order_seq_cst); }

    // The rest is called under the lock that guards the list of those who sleep.
    void fall_asleep(bool was_searching) noexcept {
        state_.fetch_add(was_searching ? sleeper - searcher : sleeper, std::memory_order_seq_cst);
    }
    void get_up() noexcept { state_.fetch_sub(sleeper, std::memory_order_seq_cst); }
    /// It was woken to look for work.
    void get_up_searching() noexcept { state_.fetch_add(searcher - sleeper, std::memory_order_seq_cst); }

    std::uint32_t sleeping() const noexcept {
        return static_cast<std::uint32_t>(state_.load(std::memory_order_seq_cst));
    }

 private:
    static constexpr std::uint64_t sleeper = 1;
    static constexpr std::uint64_t searcher = std::uint64_t{1} << 32;
    alignas(64) std::atomic<std::uint64_t> state_{0};
};

}  // namespace heddle::inline v0::detail
