// SPDX-License-Identifier: BSL-1.0
#pragma once

// How many of the items that were put into a queue are dealt with, for task_done() and join(). How many were
// put the queue knows anyway; so putting costs nothing more.

#include <atomic>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/function_ref.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/wait.hpp>

namespace heddle::inline v0::detail {

class HEDDLE_API task_count {
 public:
    /// Gives how many items were put; what it gave at some moment of the call, and never less than before.
    using put_count = rt::function_ref<std::uint64_t()>;

    task_count() noexcept = default;
    ~task_count() {
        if (word_.load(std::memory_order_relaxed) & parked_bit) [[unlikely]]
            check_nobody_waits("queue", nullptr, this);
    }
    task_count(const task_count&) = delete;
    task_count& operator=(const task_count&) = delete;

    // Invariant: the word is the number of items dealt with times two, plus parked_bit, and that number is at
    // most that of the items put. parked_bit is set under the bucket's lock, in one step with seeing that
    // they are not equal, before a waiter is queued. While it is set the number grows under that lock only,
    // together with letting the waiters through when it has become equal.
    //
    // "Equal" is exact: the word is read first, and neither number goes down. So if the number put, read
    // later, is what the word said, both were that at the moment at which it was counted.
    //
    // Orders: release when counting, acquire when seeing that they are equal; each step is a
    // read-modify-write, so who sees it sees what was done before every step.

    /// One more is dealt with. @throws invalid_state if no item is left.
    void done(put_count put);
    /// `n` more, or as many as are left.
    void drop(std::uint64_t n, put_count put) noexcept;
    /// Whether all are dealt with.
    bool all_done(put_count put) const noexcept {
        const std::uint64_t word = word_.load(std::memory_order_acquire);
        return word / one == put();
    }
    /// Blocks the task until all are dealt with or `until`; whether they are. Not a cancellation point.
    bool wait(put_count put, rt::deadline until);

 private:
    template <class Put> friend class task_count_wait;
    static constexpr std::uint64_t parked_bit = 1;
    static constexpr std::uint64_t one = 2;
    enum : std::uintptr_t { stray, let_through };

    std::uint64_t add(std::uint64_t n, put_count put) noexcept;
    bool must_wait(put_count put) noexcept;

    std::atomic<std::uint64_t> word_{0};
};

/// Waiting until all items are dealt with.
template <class Put> class task_count_wait : public operation {
 public:
    task_count_wait(task_count& c, rt::deadline until, Put put) noexcept
        : operation(&c, until, rt::cancellation::ignored),
          count_(c),
          put_(put) {}
    const char* kind() const noexcept { return "join of a queue"; }
    bool ready() noexcept { return through_ = count_.all_done(put_); }
    bool validate() noexcept { return count_.must_wait(put_); }
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
        if (outcome == rt::wait_outcome::timed_out) return true;
        if (outcome == rt::wait_outcome::granted) return through_ = token == task_count::let_through;
        return through_ = true;  // validate() has seen that there is nothing to wait for
    }
    bool granted() const noexcept { return through_; }
    bool cancelled() const noexcept { return false; }

 private:
    task_count& count_;
    Put put_;
    bool through_ = false;
};

}  // namespace heddle::inline v0::detail
