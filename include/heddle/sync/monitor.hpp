// SPDX-License-Identifier: BSL-1.0
#pragma once

// An object and the lock that guards it in one: it cannot be touched without the lock, and one waits for a
// state of it by naming the state. The place to begin for shared data.

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/lock_access.hpp>
#include <heddle/sync/detail/routine.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/mutex.hpp>
#include <type_traits>
#include <utility>

namespace heddle::inline v0 {

namespace detail {

/// One that waits for a state of a monitor's object. In the monitor's list, which its lock guards; parked at
/// its own address.
struct monitor_waiter {
    bool (*holds)(monitor_waiter&);  // may throw what the predicate throws
    monitor_waiter* next = nullptr;
    monitor_waiter* prev = nullptr;
    std::exception_ptr error{};
};

class monitor_queue {
 public:
    void push(monitor_waiter& w) noexcept {
        w.prev = last_;
        w.next = nullptr;
        (last_ != nullptr ? last_->next : first_) = &w;
        last_ = &w;
    }
    void remove(monitor_waiter& w) noexcept {
        (w.prev != nullptr ? w.prev->next : first_) = w.next;
        (w.next != nullptr ? w.next->prev : last_) = w.prev;
    }
    /// Passes `lock`, which the caller holds, on to the first whose predicate holds or throws. @return false
    /// if there is none.
    bool hand_over(const void* lock) noexcept {
        for (monitor_waiter* w = first_; w != nullptr; w = w->next) {
            if (!decided(*w)) continue;
            // Not there any more: it has timed out or was cancelled, and waits for the lock to say so.
            const auto next = [](const rt::unpark_result&) { return std::uintptr_t{2}; };
            remove(*w);  // before it can go away
            if (rt::parking_lot::unpark_one(w, next).unparked) {
                if (diagnosing_locks()) [[unlikely]]
                    diagnose_unlocked(lock);  // its own; the next owner has noted his, or will
                return true;
            }
            w->error = nullptr;
            put_back(*w);
        }
        return false;
    }
    /// Ends the program with a message if somebody waits.
    HEDDLE_API void check_unused() const noexcept;
    /// Ends the program with a message.
    [[noreturn]] HEDDLE_API static void waiter_destroyed() noexcept;

 private:
    static bool decided(monitor_waiter& w) noexcept {
        try {
            return w.holds(w);
        } catch (...) {
            w.error = std::current_exception();
            return true;
        }
    }
    void put_back(monitor_waiter& w) noexcept {
        (w.prev != nullptr ? w.prev->next : first_) = &w;
        (w.next != nullptr ? w.next->prev : last_) = &w;
    }

    monitor_waiter* first_ = nullptr;
    monitor_waiter* last_ = nullptr;
};

/// Giving up the lock and waiting until it is handed over together with the state that was waited for, or, if
/// the wait ends otherwise, taking it back. The lock is held again in any case.
template <class Mutex> class monitor_wait {
 public:
    monitor_wait(Mutex& m, monitor_queue& queue, monitor_waiter& w, rt::deadline until, suspends kind)
        : mutex_(m),
          queue_(queue),
          waiter_(w),
          until_(until),
          relock_(lock_access::make_relock(m, kind)) {}

    bool ready() const noexcept { return false; }
    const void* address() const noexcept { return waiting_ ? &waiter_ : relock_.address(); }
    rt::deadline until() const noexcept { return waiting_ ? until_ : rt::deadline::never(); }
    rt::cancellation mode() const noexcept {
        return waiting_ ? rt::cancellation::observed : rt::cancellation::ignored;
    }
    std::uintptr_t tag() noexcept { return waiting_ ? 0 : relock_.tag(); }
    const char* kind() const noexcept { return waiting_ ? "monitor" : relock_.kind(); }
    const char* name() const noexcept { return relock_.name(); }
    bool validate() noexcept { return waiting_ || relock_.validate(); }
    void queued() noexcept {
        if (!waiting_ || released_) return;
        released_ = true;
        queue_.push(waiter_);  // not before it waits, so that nothing is to be undone if it cannot
        levels_ = lock_access::give_up(mutex_);
    }
    bool spins() const noexcept { return waiting_; }
    // In the list, which needs the lock to leave it.
    void abandoned() const noexcept {
        if (released_) monitor_queue::waiter_destroyed();
        if (diagnosing_locks()) [[unlikely]]
            diagnose_gave_up();
    }
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
        if (waiting_) {
            waiting_ = false;
            handed_over_ = outcome == rt::wait_outcome::granted && token == 2;
            cancelled_ = outcome == rt::wait_outcome::cancelled;
            timed_out_ = outcome == rt::wait_outcome::timed_out;
            if (!handed_over_ && released_ && !relock_.try_again()) return false;
        } else if (!relock_.ended(outcome, token)) {
            return false;
        }
        if (handed_over_ && diagnosing_locks()) [[unlikely]]
            diagnose_locked({relock_.address(), relock_.kind(), relock_.name()});
        if (!released_) return true;
        lock_access::take_back(mutex_, levels_);
        if (!handed_over_) queue_.remove(waiter_);
        return true;
    }
    /// What it came to; the lock is held.
    struct ending {
        bool handed_over;
        bool timed_out;
        bool cancelled;
    };
    ending result() const noexcept { return {handed_over_, timed_out_, cancelled_}; }

 private:
    Mutex& mutex_;
    monitor_queue& queue_;
    monitor_waiter& waiter_;
    rt::deadline until_;
    lock_access::relock<Mutex> relock_;
    bool waiting_ = true;
    bool released_ = false;
    bool handed_over_ = false;
    bool timed_out_ = false;
    bool cancelled_ = false;
    std::size_t levels_ = 0;
};

template <class Mutex>
concept lockable_shared = requires(Mutex& m) {
    m.lock_shared();
    m.unlock_shared();
};

}  // namespace detail

/// A `T` that is only reached under its lock, by threads, fibers and coroutines. `Mutex` is mutex,
/// recursive_mutex, fair_mutex or priority_mutex; with shared_mutex there is no when(), and readers run side
/// by side.
///
/// What is passed to with() must not keep a reference to the object. Thread-safety: all members but the
/// destructor from any task.
template <class T, class Mutex = mutex> class monitor {
 public:
    /// Makes the object of `args`.
    template <class... Args>
        requires std::constructible_from<T, Args...>
    explicit monitor(Args&&... args) : value_(std::forward<Args>(args)...) {}
    /// Ends the program with a message if somebody waits.
    ~monitor() { queue_.check_unused(); }
    monitor(const monitor&) = delete;
    monitor& operator=(const monitor&) = delete;

    /// Calls `f(object)` under the lock. This counts as a change: whoever waits for a state that is there now
    /// goes on with it next. Blocks the task. Not a point of cancellation. Throws: what `f` throws.
    template <class F> auto with(F&& f) -> std::invoke_result_t<F, T&> {
        mutex_.lock();
        const leaving after(*this);
        return std::invoke(std::forward<F>(f), value_);
    }
    /// Calls `f(object)` under the lock, with an object that cannot be changed; wakes nobody. Blocks the
    /// task. Not a point of cancellation. Throws: what `f` throws.
    template <class F> auto with(F&& f) const -> std::invoke_result_t<F, const T&> {
        const reading guard(mutex_);
        return std::invoke(std::forward<F>(f), std::as_const(value_));
    }
    /// co_await: as with(). Throws also: cancelled, and then `f` has not run; invalid_state if it has to wait
    /// outside a worker. Complexity: an allocation.
    template <class F> auto async_with(F f) -> detail::routine<std::invoke_result_t<F, T&>> {
        co_await mutex_.async_lock();
        const leaving after(*this);
        co_return std::invoke(std::move(f), value_);
    }
    /// A copy of the object as it is now. Blocks the task, as with(). Throws: what copying does.
    T copy() const {
        return with([](const T& value) { return value; });
    }

    /// A monitor and a predicate, to be used at once: m.when(pred).with(f).
    template <class Pred> class [[nodiscard]] conditional {
     public:
        /// Waits until `pred(object)` and calls `f(object)` without letting anybody in between. Blocks the
        /// task. Throws: cancelled, and then `f` has not run; what `pred` and `f` throw.
        template <class F> auto with(F&& f) -> std::invoke_result_t<F, T&> {
            monitor_.mutex_.lock();
            const leaving after(monitor_);
            wait(rt::deadline::never());
            return std::invoke(std::forward<F>(f), monitor_.value_);
        }
        /// Calls `f(object)` if `pred(object)` holds now. @return whether it did.
        template <class F> bool try_with(F&& f) {
            monitor_.mutex_.lock();
            const leaving after(monitor_);
            if (!holds()) return false;
            std::invoke(std::forward<F>(f), monitor_.value_);
            return true;
        }
        /// As with(f), unless that takes longer than `d`. @return whether `f` has run. Throws: as with(f).
        template <class Rep, class Period, class F>
        bool with_for(std::chrono::duration<Rep, Period> d, F&& f) {
            return with_until(rt::deadline::after(d), std::forward<F>(f));
        }
        /// As with(f), unless that takes until `until`. @return whether `f` has run. Throws: as with(f).
        template <class F> bool with_until(rt::deadline until, F&& f) {
            if (!monitor_.mutex_.try_lock_until(until)) return false;
            const leaving after(monitor_);
            if (!wait(until)) return false;
            std::invoke(std::forward<F>(f), monitor_.value_);
            return true;
        }
        /// co_await: as with(f). Complexity: an allocation.
        template <class F> auto async_with(F f) -> detail::routine<std::invoke_result_t<F, T&>> {
            return async(monitor_, std::move(pred_), std::move(f));
        }
        /// co_await: as with_until(until, f). Complexity: an allocation.
        template <class F> auto async_with(rt::deadline until, F f) -> detail::routine<bool> {
            return async_until(monitor_, std::move(pred_), until, std::move(f));
        }

     private:
        friend class monitor;
        conditional(monitor& m, Pred pred) : monitor_(m), pred_(std::move(pred)) {}

        struct waiter : detail::monitor_waiter {
            explicit waiter(conditional& c) noexcept
                : monitor_waiter{[](monitor_waiter& w) {
                      return static_cast<waiter&>(w).conditional_.holds();
                  }},
                  conditional_(c) {}
            conditional& conditional_;
        };

        bool holds() { return static_cast<bool>(std::invoke(pred_, std::as_const(monitor_.value_))); }

        bool wait(rt::deadline until) {
            while (!holds()) {
                waiter w(*this);
                detail::monitor_wait<Mutex> op(monitor_.mutex_, monitor_.queue_, w, until, detail::here());
                if (!op.ready()) detail::wait_here(op);
                const auto ended = check(op.result(), w);
                if (ended.handed_over) return true;
                if (ended.timed_out) return holds();
            }
            return true;
        }
        template <class Outcome> static Outcome check(Outcome ended, waiter& w) {
            if (w.error) std::rethrow_exception(std::exchange(w.error, nullptr));
            if (ended.cancelled) throw cancelled();
            return ended;
        }
        detail::routine<bool> async_wait(rt::deadline until) {
            while (!holds()) {
                waiter w(*this);
                const auto ended = check(
                    co_await detail::awaiting<detail::monitor_wait<Mutex>>(
                        std::in_place, monitor_.mutex_, monitor_.queue_, w, until, detail::suspends::yes),
                    w);
                if (ended.handed_over) co_return true;
                if (ended.timed_out) co_return holds();
            }
            co_return true;
        }
        // Static, so that what is awaited later does not refer to a conditional that is gone by then.
        template <class F>
        static auto async(monitor& m, Pred pred, F f) -> detail::routine<std::invoke_result_t<F, T&>> {
            conditional self(m, std::move(pred));
            co_await m.mutex_.async_lock();
            const leaving after(m);
            co_await self.async_wait(rt::deadline::never());
            co_return std::invoke(std::move(f), m.value_);
        }
        template <class F>
        static auto async_until(monitor& m, Pred pred, rt::deadline until, F f) -> detail::routine<bool> {
            conditional self(m, std::move(pred));
            const bool locked = co_await m.mutex_.async_lock(until);
            if (!locked) co_return false;
            const leaving after(m);
            const bool there = co_await self.async_wait(until);
            if (there) std::invoke(std::move(f), m.value_);
            co_return there;
        }

        monitor& monitor_;
        Pred pred_;
    };

    /// Names the state to wait for: `pred` is called with the object, which it must not change, by whoever
    /// has changed it. Complexity: leaving a monitor costs one predicate per waiter until one holds.
    template <class Pred>
        requires std::predicate<Pred&, const T&>
    conditional<Pred> when(Pred pred) {
        static_assert(!detail::lockable_shared<Mutex>, "a monitor with a shared_mutex has no when()");
        return conditional<Pred>(*this, std::move(pred));
    }

 private:
    /// What is to be done by one that may have changed the object: the lock goes to the next who can go on.
    class leaving {
     public:
        explicit leaving(monitor& m) noexcept : monitor_(m) {}
        leaving(const leaving&) = delete;
        leaving& operator=(const leaving&) = delete;
        ~leaving() {
            if constexpr (requires { detail::lock_access::pass_on(monitor_.mutex_); }) {
                // For a recursive lock: only who leaves the last level passes it on.
                if (!detail::lock_access::last_level(monitor_.mutex_)) {
                    monitor_.mutex_.unlock();
                    return;
                }
                const std::size_t levels = detail::lock_access::pass_on(monitor_.mutex_);
                if (monitor_.queue_.hand_over(&monitor_.mutex_)) return;
                detail::lock_access::take_back(monitor_.mutex_, levels);
            } else if (monitor_.queue_.hand_over(&monitor_.mutex_)) {
                return;
            }
            monitor_.mutex_.unlock();
        }

     private:
        monitor& monitor_;
    };
    class reading {
     public:
        explicit reading(Mutex& m) : mutex_(m) {
            if constexpr (detail::lockable_shared<Mutex>)
                mutex_.lock_shared();
            else
                mutex_.lock();
        }
        reading(const reading&) = delete;
        reading& operator=(const reading&) = delete;
        ~reading() {
            if constexpr (detail::lockable_shared<Mutex>)
                mutex_.unlock_shared();
            else
                mutex_.unlock();
        }

     private:
        Mutex& mutex_;
    };

    mutable Mutex mutex_;
    detail::monitor_queue queue_;
    T value_;
};

}  // namespace heddle::inline v0
