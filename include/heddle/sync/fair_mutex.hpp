// SPDX-License-Identifier: BSL-1.0
#pragma once

// A mutex that is handed over strictly in the order of asking. Where more threads compete than there are
// CPUs each hand-over is a switch, and it is 10 to 100 times slower than mutex; take it where waiting times
// matter more than throughput.

#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/sync/detail/queue_lock.hpp>
#include <heddle/sync/detail/wait_result.hpp>
#include <heddle/sync/error.hpp>

namespace heddle::inline v0 {

class fair_mutex;

namespace detail {

/// Locking a fair_mutex.
class HEDDLE_API fair_lock : public queue_lock_wait {
 public:
    fair_lock(fair_mutex& m, rt::deadline until, rt::cancellation mode, suspends kind) noexcept;
};

struct lock_access;

}  // namespace detail

/// A first-come, first-served lock for threads, fibers and coroutines; meets Lockable and TimedLockable. Any
/// task may unlock it. Who gives up leaves the order of the others as it is.
class HEDDLE_API fair_mutex {
 public:
    constexpr fair_mutex() noexcept = default;
    /// `name` is shown in reports; the string must outlive the mutex.
    explicit fair_mutex(const char* name) noexcept : lock_(name) {}
    /// Ends the program with a message if somebody waits.
    ~fair_mutex() { lock_.check_unused("fair_mutex"); }
    fair_mutex(const fair_mutex&) = delete;
    fair_mutex& operator=(const fair_mutex&) = delete;

    /// Takes the lock. Blocks the task. Not a point of cancellation.
    void lock() {
        if (detail::diagnosing_locks() || !lock_.try_lock()) [[unlikely]]
            lock_slow(rt::deadline::never(), rt::cancellation::ignored);
    }
    /// Takes the lock if it is free; it is not while somebody waits. Never waits.
    bool try_lock() noexcept {
        if (!lock_.try_lock()) return false;
        if (detail::diagnosing_locks()) [[unlikely]]
            detail::diagnose_locked({this, "fair_mutex", lock_.name()});
        return true;
    }
    /// Takes the lock unless that takes longer than `d`. @return whether it did. Throws: cancelled, and then
    /// it has not locked.
    template <class Rep, class Period> bool try_lock_for(std::chrono::duration<Rep, Period> d) {
        return try_lock() || lock_slow(rt::deadline::after(d), rt::cancellation::observed);
    }
    /// Takes the lock unless that takes until `until`. @return whether it did. Throws: cancelled, and then it
    /// has not locked.
    bool try_lock_until(rt::deadline until) {
        return try_lock() || lock_slow(until, rt::cancellation::observed);
    }
    /// co_await: takes the lock. Throws: cancelled, and then it has not locked; invalid_state if it has to
    /// wait outside a worker.
    auto async_lock() {
        return detail::awaiting<detail::wait_result<detail::fair_lock, void>>(
            std::in_place, *this, rt::deadline::never(), rt::cancellation::observed, detail::suspends::yes);
    }
    /// co_await: as above, and gives false if it was not locked before `until`.
    auto async_lock(rt::deadline until) {
        return detail::awaiting<detail::wait_result<detail::fair_lock, bool>>(
            std::in_place, *this, until, rt::cancellation::observed, detail::suspends::yes);
    }

    /// Hands the lock to the first who waits, or frees it. @throws not_owner if it is not locked.
    void unlock() {
        if (detail::diagnosing_locks()) [[unlikely]]
            detail::diagnose_unlocked(this);
        if (!lock_.try_unlock())
            lock_.unlock_slow(detail::queue_lock::next_owner::first,
                              "unlock of a fair_mutex that is not locked");
    }
    /// Whether somebody holds it: a hint.
    bool locked() const noexcept { return lock_.locked(); }
    /// How many wait for it. Complexity: counts them.
    std::size_t n_waiting() const noexcept { return rt::parking_lot::count(this); }

 private:
    friend class detail::fair_lock;
    friend struct detail::lock_access;
    using lock_operation = detail::fair_lock;

    bool lock_slow(rt::deadline until, rt::cancellation mode);
    bool accept_moved() noexcept { return lock_.accept_moved(); }

    detail::queue_lock lock_;  // first: its address is that of the whole
};

}  // namespace heddle::inline v0
