// SPDX-License-Identifier: BSL-1.0
#pragma once

// A mutex that its owner may lock again; free when it has been unlocked as often. The owner is the current
// task, so it stays the owner when it goes on on another thread. Larger and slower than mutex: for code in
// which a function that locks calls another that does.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/mutex.hpp>

namespace heddle::inline v0 {

class recursive_mutex;

namespace detail {

/// Locking a recursive mutex for a coroutine.
template <class Result> class recursive_lock : public mutex_lock {
 public:
    recursive_lock(recursive_mutex& m, rt::deadline until) noexcept;
    bool ready();
    Result result() const;

 private:
    recursive_mutex& recursive_;
    bool again_ = false;
};

}  // namespace detail

/// A recursive lock for threads, fibers and coroutines; meets Lockable and TimedLockable.
class HEDDLE_API recursive_mutex {
 public:
    constexpr recursive_mutex() noexcept = default;
    /// `name` is shown in reports; the string must outlive the mutex.
    explicit recursive_mutex(const char* name) noexcept : lock_(name) {}
    recursive_mutex(const recursive_mutex&) = delete;
    recursive_mutex& operator=(const recursive_mutex&) = delete;

    // owner_ is written by the owner only, under lock_, and depth_ is touched by the owner only. relaxed
    // suffices for owner_: the number of a task is there only between that task's own stores, and numbers are
    // not used twice, so a task that reads its own number is the owner, and one that is not never reads it.

    /// Takes the lock, or takes it once more. Blocks the task. Not a point of cancellation.
    void lock() {
        // Who the caller is, is asked for after the lock is taken, where nothing has to wait for the answer.
        if (owner_.load(std::memory_order_relaxed) != 0 && locked_again(rt::current_task_id())) return;
        lock_.lock();
        locked_by(rt::current_task_id());
    }
    /// Takes the lock if it is free or the caller's. Never waits.
    bool try_lock() {
        const auto me = rt::current_task_id();
        if (locked_again(me)) return true;
        if (!lock_.try_lock()) return false;
        locked_by(me);
        return true;
    }
    /// Takes the lock unless that takes longer than `d`. @return whether it did. Throws: cancelled, and then
    /// it has not locked.
    template <class Rep, class Period> bool try_lock_for(std::chrono::duration<Rep, Period> d) {
        return try_lock_until(rt::deadline::after(d));
    }
    /// Takes the lock unless that takes until `until`. @return whether it did. Throws: cancelled, and then it
    /// has not locked.
    bool try_lock_until(rt::deadline until) {
        const auto me = rt::current_task_id();
        if (locked_again(me)) return true;
        if (!lock_.try_lock_until(until)) return false;
        locked_by(me);
        return true;
    }
    /// co_await: takes the lock. Throws: cancelled, and then it has not locked; invalid_state if it has to
    /// wait outside a worker.
    auto async_lock() {
        return detail::awaiting<detail::recursive_lock<void>>(std::in_place, *this, rt::deadline::never());
    }
    /// co_await: as above, and gives false if it was not locked before `until`.
    auto async_lock(rt::deadline until) {
        return detail::awaiting<detail::recursive_lock<bool>>(std::in_place, *this, until);
    }

    /// Gives back what one lock() took. @throws not_owner if the current task is not the owner.
    void unlock() {
        if (!owned()) throw not_owner("unlock of a recursive_mutex by a task that does not own it");
        if (--depth_ != 0) return;
        owner_.store(0, std::memory_order_relaxed);
        lock_.unlock();
    }

    /// Whether some task holds it: a hint.
    bool locked() const noexcept { return lock_.locked(); }
    /// Whether the current task holds it.
    bool owned() const noexcept { return owner_.load(std::memory_order_relaxed) == rt::current_task_id(); }
    /// How often the current task holds it; 0 if it does not.
    std::size_t depth() const noexcept { return owned() ? depth_ : 0; }

 private:
    template <class Result> friend class detail::recursive_lock;
    friend struct detail::lock_access;

    bool locked_again(std::uint64_t me) noexcept {
        if (owner_.load(std::memory_order_relaxed) != me) return false;
        ++depth_;
        return true;
    }
    void locked_by(std::uint64_t me, std::size_t depth = 1) noexcept {
        owner_.store(me, std::memory_order_relaxed);
        depth_ = depth;
    }

    mutex lock_;  // first: whoever waits for it waits at the address of the whole
    std::atomic<std::uint64_t> owner_{0};
    std::size_t depth_ = 0;
};

namespace detail {

template <class Result>
recursive_lock<Result>::recursive_lock(recursive_mutex& m, rt::deadline until) noexcept
    : mutex_lock(m.lock_, until, rt::cancellation::observed, suspends::yes),
      recursive_(m) {}

template <class Result> bool recursive_lock<Result>::ready() {
    again_ = recursive_.locked_again(rt::current_task_id());
    return again_ || mutex_lock::ready();
}

template <class Result> Result recursive_lock<Result>::result() const {
    if (cancelled()) throw heddle::cancelled();
    if (granted()) recursive_.locked_by(rt::current_task_id());
    if constexpr (!std::is_void_v<Result>) return again_ || granted();
}

}  // namespace detail
}  // namespace heddle::inline v0
