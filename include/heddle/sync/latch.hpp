// SPDX-License-Identifier: BSL-1.0
#pragma once

// A number that goes down to zero, once; then everybody passes. Use barrier where it goes round and round.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/detail/wait_result.hpp>

namespace heddle::inline v0 {

class latch;

namespace detail {

/// Waiting for a latch, after counting down `arrive`.
class HEDDLE_API latch_wait : public operation {
 public:
    latch_wait(latch& l, rt::deadline until, std::ptrdiff_t arrive = 0) noexcept;
    const char* kind() const noexcept { return "latch"; }
    bool ready();
    bool validate() noexcept;
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;
    bool granted() const noexcept { return granted_; }
    bool cancelled() const noexcept { return cancelled_; }

 private:
    latch& latch_;
    std::ptrdiff_t arrive_;
    bool granted_ = false;
    bool cancelled_ = false;
};

}  // namespace detail

/// A latch for threads, fibers and coroutines.
///
/// Thread-safety: all members but the destructor from any task. What was done before counting down is seen by
/// those who have waited.
class HEDDLE_API latch {
 public:
    /// @throws std::invalid_argument if `expected` is negative, or above a quarter of PTRDIFF_MAX.
    explicit latch(std::ptrdiff_t expected);
    /// Ends the program with a message if somebody waits.
    ~latch() {
        if (word_.load(std::memory_order_relaxed) & parked_bit) [[unlikely]]
            detail::check_nobody_waits("latch", nullptr, this);
    }
    latch(const latch&) = delete;
    latch& operator=(const latch&) = delete;

    // Invariant: the word is what is left to count down times two, plus parked_bit. parked_bit is set under
    // the bucket's lock, in one step with seeing that the count is not zero, before a waiter is queued. As
    // long as it is set nobody passes, also at zero: who has taken the step to zero lets the waiters through
    // and clears the bit, under that lock, and only then the latch may go. One step too many makes the number
    // negative until it is taken back.
    //
    // Orders: release when counting down, acquire when seeing zero, and also when counting down, for those
    // whom the last step lets through; each step is a read-modify-write, so who sees zero sees what was done
    // before every step.

    /// Counts down. @throws std::invalid_argument for n < 0; invalid_state below zero, and then nothing is
    /// counted.
    void count_down(std::ptrdiff_t n = 1) {
        if (n != 1) return count_down_by(n);
        const std::int64_t left = word_.fetch_sub(one, std::memory_order_acq_rel) - one;
        if (left < one) [[unlikely]]
            reached(left);
    }

    /// Waits until it is zero. Blocks the task. Throws: cancelled.
    void wait() {
        if (!try_wait()) wait_slow(rt::deadline::never());
    }
    /// Whether it is zero. Never waits.
    bool try_wait() const noexcept { return passable(word_.load(std::memory_order_acquire)); }
    /// Waits until it is zero or `d` has passed. @return whether it is. Throws: cancelled.
    template <class Rep, class Period> bool wait_for(std::chrono::duration<Rep, Period> d) {
        return try_wait() || wait_slow(rt::deadline::after(d));
    }
    /// Waits until it is zero or `until`. @return whether it is. Throws: cancelled.
    bool wait_until(rt::deadline until) { return try_wait() || wait_slow(until); }
    /// co_await: waits until it is zero. Throws: cancelled; invalid_state if it has to wait outside a worker.
    auto async_wait() {
        return detail::awaiting<detail::wait_result<detail::latch_wait, void>>(std::in_place, *this,
                                                                               rt::deadline::never());
    }
    /// co_await: as above, and gives false if it is not zero before `until`.
    auto async_wait(rt::deadline until) {
        return detail::awaiting<detail::wait_result<detail::latch_wait, bool>>(std::in_place, *this, until);
    }

    /// count_down(n), then wait(), and throws what these do. If the wait is cancelled, what was counted down
    /// stays so.
    void arrive_and_wait(std::ptrdiff_t n = 1) {
        count_down(n);
        wait();
    }
    /// co_await: the same. Throws also: invalid_state if it has to wait outside a worker.
    auto async_arrive_and_wait(std::ptrdiff_t n = 1) {
        return detail::awaiting<detail::wait_result<detail::latch_wait, void>>(std::in_place, *this,
                                                                               rt::deadline::never(), n);
    }

 private:
    friend class detail::latch_wait;
    static constexpr std::int64_t parked_bit = 1;
    static constexpr std::int64_t one = 2;
    static constexpr std::ptrdiff_t most = PTRDIFF_MAX / 4;
    enum : std::uintptr_t { stray, let_through };

    static bool passable(std::int64_t word) noexcept { return word < one && (word & parked_bit) == 0; }
    void count_down_by(std::ptrdiff_t n);
    void reached(std::int64_t left);
    void let_all_through() noexcept;
    bool wait_slow(rt::deadline until);

    std::atomic<std::int64_t> word_;
};

}  // namespace heddle::inline v0
