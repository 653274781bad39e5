// SPDX-License-Identifier: BSL-1.0
#pragma once

// Waits, with a lock held, until something that the lock guards is true. It is bound to its lock when it is
// made, so that misuse can be reported. Where the lock guards one object, monitor<T> is shorter and cannot be
// used wrongly.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/lock_access.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/error.hpp>
#include <heddle/sync/mutex.hpp>
#include <type_traits>
#include <utility>

namespace heddle::inline v0 {

template <class Mutex> class condition;

namespace detail {

/// Stands for a wait for a single notification.
struct no_predicate {};

/// Waiting at a condition: gives up the lock, waits, takes the lock back, and does so again until the
/// predicate holds. `Result` is bool where the wait has a limit.
///
/// A waiter that is notified is moved to the queue of the lock, and from then on waits for that only; so it
/// is woken once, when the lock is its own or free.
template <class Mutex, class Pred, class Result> class condition_wait {
 public:
    condition_wait(condition<Mutex>& c, rt::deadline until, suspends kind, Pred pred)
        : condition_(c),
          until_(until),
          relock_(lock_access::make_relock(c.mutex_, kind)),
          kind_(kind),
          pred_(std::move(pred)) {}

    bool ready() {
        if (!lock_access::held(condition_.mutex_))
            throw not_owner("waiting at a condition without holding its lock");
        return satisfied();
    }

    const void* address() const noexcept { return waiting_ ? &condition_ : relock_.address(); }
    rt::deadline until() const noexcept { return waiting_ ? until_ : rt::deadline::never(); }
    rt::cancellation mode() const noexcept {
        return waiting_ ? rt::cancellation::observed : rt::cancellation::ignored;
    }
    std::uintptr_t tag() noexcept { return waiting_ ? relock_.tag_until_moved() : relock_.tag(); }
    const char* kind() const noexcept { return waiting_ ? "condition" : relock_.kind(); }
    const char* name() const noexcept { return waiting_ ? nullptr : relock_.name(); }
    bool validate() noexcept { return waiting_ || relock_.validate(); }
    // Whoever notifies holds the lock, and we hold it until we are queued: so no notification is missed.
    void queued() noexcept {
        if (!waiting_ || released_) return;
        released_ = true;
        levels_ = lock_access::give_up(condition_.mutex_);
    }
    bool spins() const noexcept { return waiting_; }
    void abandoned() const noexcept {
        if (diagnosing_locks()) [[unlikely]]
            diagnose_gave_up();
    }

    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
        if (waiting_) {
            notified_ = outcome == rt::wait_outcome::granted;
            cancelled_ = outcome == rt::wait_outcome::cancelled;
            if (released_) {
                waiting_ = false;
                if (!(notified_ ? relock_.ended(outcome, token) : relock_.try_again())) return false;
            }
        } else if (!relock_.ended(outcome, token)) {
            return false;
        }
        if (released_) lock_access::take_back(condition_.mutex_, levels_);
        if (cancelled_ || satisfied() || !notified_) return true;
        if constexpr (std::is_same_v<Pred, no_predicate>) return true;
        // Once more, from the beginning.
        waiting_ = true;
        released_ = false;
        relock_ = lock_access::make_relock(condition_.mutex_, kind_);
        return false;
    }

    Result result() {
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
        if (cancelled_) throw cancelled();
        if constexpr (std::is_void_v<Result>)
            return;
        else if constexpr (std::is_same_v<Pred, no_predicate>)
            return notified_;
        else
            return satisfied_;
    }

 private:
    // Evaluates the predicate; also true if it throws, for then the wait is over.
    bool satisfied() noexcept {
        if constexpr (std::is_same_v<Pred, no_predicate>) {
            return false;
        } else {
            try {
                return satisfied_ = static_cast<bool>(pred_());
            } catch (...) {
                error_ = std::current_exception();
                return true;
            }
        }
    }

    condition<Mutex>& condition_;
    rt::deadline until_;
    lock_access::relock<Mutex> relock_;
    suspends kind_;
    bool waiting_ = true;    // for a notification; afterwards for the lock
    bool released_ = false;  // the lock has been given up in this round
    bool notified_ = false;
    bool cancelled_ = false;
    bool satisfied_ = false;
    std::size_t levels_ = 0;
    std::exception_ptr error_;
    [[no_unique_address]] Pred pred_;
};

}  // namespace detail

/// A condition for threads, fibers and coroutines. `Mutex` is mutex, recursive_mutex, fair_mutex or
/// priority_mutex; all levels of a recursive one are given up while waiting, and taken back.
///
/// No wake-up without a notification; waiters are notified in their order. A notification that nobody waits
/// for is lost; who has timed out or was cancelled does not use one up. Thread-safety: all members but the
/// destructor from any task that holds the lock.
template <class Mutex = mutex> class condition {
 public:
    /// `with` guards what is waited for, and must outlive it.
    explicit condition(Mutex& with) noexcept : mutex_(with) {}
    /// Ends the program with a message if somebody waits.
    ~condition() {
        if (n_waiting() != 0) detail::check_nobody_waits("condition", nullptr, this);
    }
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;

    /// Waits for a notification. Blocks the task. Throws: cancelled, with the lock held again, as all forms;
    /// not_owner if the lock is not held.
    void wait() { here<void>(rt::deadline::never(), detail::no_predicate()); }
    /// Waits until `pred()`, which is called with the lock held, holds. Throws: what it throws, with the lock
    /// held.
    template <class Pred> void wait(Pred pred) { here<void>(rt::deadline::never(), std::move(pred)); }
    /// Waits for a notification or until `d` has passed. @return false if it timed out.
    template <class Rep, class Period> bool wait_for(std::chrono::duration<Rep, Period> d) {
        return here<bool>(rt::deadline::after(d), detail::no_predicate());
    }
    /// Waits until `pred()` or until `d` has passed. @return what `pred()` gave last.
    template <class Rep, class Period, class Pred>
    bool wait_for(std::chrono::duration<Rep, Period> d, Pred pred) {
        return here<bool>(rt::deadline::after(d), std::move(pred));
    }
    /// Waits for a notification or until `until`. @return false if it timed out.
    bool wait_until(rt::deadline until) { return here<bool>(until, detail::no_predicate()); }
    /// Waits until `pred()` or until `until`. @return what `pred()` gave last.
    template <class Pred> bool wait_until(rt::deadline until, Pred pred) {
        return here<bool>(until, std::move(pred));
    }

    /// co_await: as wait(). Throws also: invalid_state if it has to wait outside a worker.
    auto async_wait() { return async<void>(rt::deadline::never(), detail::no_predicate()); }
    /// co_await: as wait_until(until).
    auto async_wait(rt::deadline until) { return async<bool>(until, detail::no_predicate()); }
    /// co_await: as wait(pred).
    template <class Pred>
        requires std::is_invocable_v<Pred&>
    auto async_wait(Pred pred) {
        return async<void>(rt::deadline::never(), std::move(pred));
    }
    /// co_await: as wait_until(until, pred).
    template <class Pred> auto async_wait(rt::deadline until, Pred pred) {
        return async<bool>(until, std::move(pred));
    }

    /// Notifies the first `n` of those who wait now. @return how many that were. @throws not_owner if the
    /// lock is not held.
    std::size_t notify(std::size_t n = 1) {
        if (!detail::lock_access::held(mutex_))
            throw not_owner("notifying a condition without holding its lock");
        // Where the lock has been unlocked by another meanwhile, they are woken and take it by themselves.
        return rt::parking_lot::requeue(
            this, detail::lock_access::address(mutex_), n,
            [this] { return detail::lock_access::accept(mutex_); }, 1, detail::lock_access::moved<Mutex>());
    }
    /// As notify(1).
    void notify_one() { notify(1); }
    /// Notifies everybody who waits now. @return how many that were. @throws not_owner if the lock is not
    /// held.
    std::size_t notify_all() { return notify(SIZE_MAX); }

    /// How many wait now. Complexity: counts them.
    std::size_t n_waiting() const noexcept { return rt::parking_lot::count(this); }

 private:
    template <class M, class Pred, class Result> friend class detail::condition_wait;

    template <class Result, class Pred> Result here(rt::deadline until, Pred pred) {
        detail::condition_wait<Mutex, Pred, Result> op(*this, until, detail::here(), std::move(pred));
        if (!op.ready()) detail::wait_here(op);
        return op.result();
    }
    template <class Result, class Pred> auto async(rt::deadline until, Pred pred) {
        return detail::awaiting<detail::condition_wait<Mutex, Pred, Result>>(
            std::in_place, *this, until, detail::suspends::yes, std::move(pred));
    }

    Mutex& mutex_;
};

}  // namespace heddle::inline v0
