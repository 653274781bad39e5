// SPDX-License-Identifier: BSL-1.0
#pragma once

// A mutex that goes to the most urgent waiter. Ten milliseconds of waiting count as much as one step of
// priority, so nobody starves. Where everybody is equally urgent take mutex, or fair_mutex.

#include <atomic>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/sync/detail/queue_lock.hpp>
#include <heddle/sync/detail/wait_result.hpp>
#include <heddle/sync/error.hpp>

namespace heddle::inline v0 {

/// How urgent a waiter is; a larger number goes first. A type of its own, so that it is not taken for a time.
struct lock_priority {
    int value = 0;
};

class priority_mutex;

namespace detail {

/// The moment at which a waiter of priority 0 would have had to come to be as urgent: the earliest goes
/// first. This is what ageing comes to, and it does not change with time: so waiters need no reordering.
HEDDLE_API std::uintptr_t urgency(rt::clock::time_point since, lock_priority priority) noexcept;

/// Locking a priority_mutex.
class HEDDLE_API priority_lock : public queue_lock_wait {
 public:
    priority_lock(priority_mutex& m, rt::deadline until, rt::cancellation mode,
                  lock_priority priority) noexcept;
    /// With the priority of the one who holds it, who is about to wait at a condition.
    priority_lock(priority_mutex& m, rt::deadline until, rt::cancellation mode, suspends kind) noexcept;

    std::uintptr_t tag() noexcept;
    // Ageing begins when it is moved here: what is known until then is that of one who came at the beginning
    // of time, and on_move() adds the moment.
    std::uintptr_t tag_until_moved() const noexcept { return urgency(rt::clock::time_point(), priority_); }
    static void on_move(rt::waiter& w) noexcept;
    bool ready();
    bool try_again() noexcept;
    bool validate() noexcept;
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;

 private:
    void note_holder() noexcept;
    priority_mutex* mutex_;
    lock_priority priority_;
    std::uintptr_t tag_ = 0;  // 0: it has not had to wait yet
};

struct lock_access;

}  // namespace detail

/// A lock by priority for threads, fibers and coroutines; meets Lockable and TimedLockable. Any task may
/// unlock it. Among equally urgent waiters it goes to the one that has waited longest.
class HEDDLE_API priority_mutex {
 public:
    constexpr priority_mutex() noexcept = default;
    /// `name` is shown in reports; the string must outlive the mutex.
    explicit priority_mutex(const char* name) noexcept : lock_(name) {}
    /// Ends the program with a message if somebody waits.
    ~priority_mutex() { lock_.check_unused("priority_mutex"); }
    priority_mutex(const priority_mutex&) = delete;
    priority_mutex& operator=(const priority_mutex&) = delete;

    /// Takes the lock. Blocks the task. Not a point of cancellation.
    void lock(lock_priority priority = {}) {
        if (detail::diagnosing_locks() || !try_lock_as(priority)) [[unlikely]]
            lock_slow(rt::deadline::never(), rt::cancellation::ignored, priority);
    }
    /// Takes the lock if it is free; it is not while somebody waits. Never waits.
    bool try_lock() noexcept { return try_lock_as({}); }
    /// Takes the lock unless that takes longer than `d`. @return whether it did. Throws: cancelled, and then
    /// it has not locked.
    template <class Rep, class Period>
    bool try_lock_for(std::chrono::duration<Rep, Period> d, lock_priority priority = {}) {
        return try_lock_as(priority) ||
               lock_slow(rt::deadline::after(d), rt::cancellation::observed, priority);
    }
    /// Takes the lock unless that takes until `until`. @return whether it did. Throws: cancelled, and then it
    /// has not locked.
    bool try_lock_until(rt::deadline until, lock_priority priority = {}) {
        return try_lock_as(priority) || lock_slow(until, rt::cancellation::observed, priority);
    }
    /// co_await: takes the lock. Throws: cancelled, and then it has not locked; invalid_state if it has to
    /// wait outside a worker.
    auto async_lock(lock_priority priority = {}) {
        return detail::awaiting<detail::wait_result<detail::priority_lock, void>>(
            std::in_place, *this, rt::deadline::never(), rt::cancellation::observed, priority);
    }
    /// co_await: as above, and gives false if it was not locked before `until`.
    auto async_lock(rt::deadline until, lock_priority priority = {}) {
        return detail::awaiting<detail::wait_result<detail::priority_lock, bool>>(
            std::in_place, *this, until, rt::cancellation::observed, priority);
    }

    /// Hands the lock to the most urgent waiter, or frees it. @throws not_owner if it is not locked.
    void unlock() {
        if (detail::diagnosing_locks()) [[unlikely]]
            detail::diagnose_unlocked(this);
        if (!lock_.try_unlock())
            lock_.unlock_slow(detail::queue_lock::next_owner::smallest_tag,
                              "unlock of a priority_mutex that is not locked");
    }
    /// Whether somebody holds it: a hint.
    bool locked() const noexcept { return lock_.locked(); }
    /// How many wait for it. Complexity: counts them.
    std::size_t n_waiting() const noexcept { return rt::parking_lot::count(this); }

 private:
    friend class detail::priority_lock;
    friend struct detail::lock_access;
    using lock_operation = detail::priority_lock;

    bool try_lock_as(lock_priority priority) noexcept {
        if (!lock_.try_lock()) return false;
        holder_.store(priority.value, std::memory_order_relaxed);
        if (detail::diagnosing_locks()) [[unlikely]]
            detail::diagnose_locked({this, "priority_mutex", lock_.name()});
        return true;
    }
    bool lock_slow(rt::deadline until, rt::cancellation mode, lock_priority priority);
    bool accept_moved() noexcept { return lock_.accept_moved(); }

    detail::queue_lock lock_;     // first: its address is that of the whole
    std::atomic<int> holder_{0};  // the priority of the holder; written and needed by him only
};

}  // namespace heddle::inline v0
