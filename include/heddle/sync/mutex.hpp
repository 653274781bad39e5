// SPDX-License-Identifier: BSL-1.0
#pragma once

// One task at a time. One word, and nothing else until somebody waits. The first choice for short critical
// sections; use monitor<T> where the lock guards one object, recursive_mutex where a function that locks
// calls another that does, fair_mutex where nobody may be overtaken.

#include <atomic>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/sync/detail/diagnosing.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/detail/wait_result.hpp>
#include <heddle/sync/error.hpp>

namespace heddle::inline v0 {

class mutex;

namespace detail {

/// Locking a mutex that is not free at once. `Result` is bool where it may time out.
class HEDDLE_API mutex_lock : public operation {
 public:
    mutex_lock(mutex& m, rt::deadline until, rt::cancellation mode, suspends kind) noexcept;
    const char* kind() const noexcept { return "mutex"; }
    const char* name() const noexcept;
    /// Throws deadlock_error, while locks are diagnosed.
    bool ready();
    /// As ready(), and waits for whatever it takes.
    bool try_again() noexcept;
    bool validate() noexcept;
    bool take_or_queue() noexcept;
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;
    bool granted() const noexcept { return locked_; }
    bool cancelled() const noexcept { return cancelled_; }

 private:
    bool take() noexcept;
    lock_site site() const noexcept;
    mutex* mutex_;
    suspends kind_;
    bool locked_ = false;
    bool cancelled_ = false;
};

struct lock_access;

}  // namespace detail

/// A mutual exclusion lock for threads, fibers and coroutines; meets Lockable and TimedLockable. Any task may
/// unlock it, not only the one that locked it.
///
/// Threads may overtake threads that sleep, but one that has waited half a millisecond is handed the lock.
/// Fibers and coroutines are handed it in their order.
class HEDDLE_API mutex {
 public:
    constexpr mutex() noexcept = default;
    /// `name` is shown in reports; the string must outlive the mutex.
    explicit mutex(const char* name) noexcept : name_(name) {}
    /// Ends the program with a message if somebody waits.
    ~mutex() {
        if (((state_.load(std::memory_order_relaxed) & parked_bit) |
             detail::diagnosing.load(std::memory_order_relaxed)) != 0) [[unlikely]]
            check_unused();
    }
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    // Source of the algorithm: the word lock of F. Pizlo, "Locking in WebKit" (2016), and RawMutex of
    // A. d'Antras's parking_lot for Rust.
    //
    // Invariant: locked_bit says that somebody owns the mutex. parked_bit is set under the bucket's lock,
    // only together with locked_bit, before a waiter is queued, and taken back only under that lock, when the
    // queue is empty. So a fast unlock, which expects locked_bit alone, leaves nobody asleep behind it. Where
    // parked_bit is set and locked_bit is not, a thread has been woken and has yet to try; it either takes
    // the lock or finds an owner, whose unlock sees parked_bit.
    //
    // While locks are diagnosed, those who expect the word to be as usual are given an expectation that never
    // comes true, and so end up in the slow path.
    //
    // Orders: acquire when locking and release when unlocking, so that each owner sees what the ones before
    // it wrote; a lock that is handed over is ordered by the hand-over. Nothing else is ordered.

    /// Takes the lock. Blocks the task. Not a point of cancellation.
    void lock() {
        std::uint32_t free = detail::diagnosing.load(std::memory_order_relaxed);  // 0
        if (!state_.compare_exchange_strong(free, locked_bit, std::memory_order_acquire,
                                            std::memory_order_relaxed)) [[unlikely]]
            lock_slow(rt::deadline::never(), rt::cancellation::ignored);
    }

    /// Takes the lock if it is free. Never waits.
    bool try_lock() noexcept {
        if (!try_take()) return false;
        if (detail::diagnosing_locks()) [[unlikely]]
            note_locked();
        return true;
    }

    /// Takes the lock unless that takes longer than `d`. @return whether it did. Throws: cancelled, and then
    /// it has not locked.
    template <class Rep, class Period> bool try_lock_for(std::chrono::duration<Rep, Period> d) {
        return try_lock() || try_lock_until(rt::deadline::after(d));
    }
    /// Takes the lock unless that takes until `until`. @return whether it did. Throws: cancelled, and then it
    /// has not locked.
    bool try_lock_until(rt::deadline until) {
        return try_lock() || lock_slow(until, rt::cancellation::observed);
    }

    /// co_await: takes the lock, in the order of asking among coroutines. Throws: cancelled, and then it has
    /// not locked; invalid_state if it has to wait outside a worker.
    auto async_lock() {
        return detail::awaiting<detail::wait_result<detail::mutex_lock, void>>(
            std::in_place, *this, rt::deadline::never(), rt::cancellation::observed, detail::suspends::yes);
    }
    /// co_await: as above, and gives false if it was not locked before `until`.
    auto async_lock(rt::deadline until) {
        return detail::awaiting<detail::wait_result<detail::mutex_lock, bool>>(
            std::in_place, *this, until, rt::cancellation::observed, detail::suspends::yes);
    }

    /// Gives the lock back. @throws not_owner if it is not locked.
    void unlock() {
        std::uint32_t state = locked_bit | detail::diagnosing.load(std::memory_order_relaxed);
        if (!state_.compare_exchange_strong(state, 0, std::memory_order_release, std::memory_order_relaxed))
            [[unlikely]]
            unlock_slow();
    }

    /// Whether somebody holds it: a hint, it may have changed already.
    bool locked() const noexcept { return (state_.load(std::memory_order_relaxed) & locked_bit) != 0; }

 private:
    friend class detail::mutex_lock;
    friend struct detail::lock_access;

    using lock_operation = detail::mutex_lock;
    static constexpr std::uint32_t locked_bit = 1;
    static constexpr std::uint32_t parked_bit = 2;
    enum : std::uintptr_t { stray, try_again, handed_over };  // the tokens of those who are unparked

    bool try_take() noexcept {
        std::uint32_t state = state_.load(std::memory_order_relaxed);
        while ((state & locked_bit) == 0)
            if (state_.compare_exchange_weak(state, state | locked_bit, std::memory_order_acquire,
                                             std::memory_order_relaxed))
                return true;
        return false;
    }
    bool lock_slow(rt::deadline until, rt::cancellation mode);
    bool spin() noexcept;
    void note_locked() noexcept;
    void check_unused() noexcept;
    void unlock_slow();
    /// Under the bucket's lock: if it is locked, unlock() will look for those who wait.
    bool accept_moved() noexcept;

    std::atomic<std::uint32_t> state_{0};
    detail::lock_name name_;
};

}  // namespace heddle::inline v0
