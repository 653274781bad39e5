// SPDX-License-Identifier: BSL-1.0
#pragma once

// A number of permits: how many may do something at a time. bounded_semaphore in addition reports a release
// too many, so take it for limits, and semaphore where releasing is a signal. For one at a time take mutex.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/detail/wait_result.hpp>
#include <utility>

namespace heddle::inline v0 {

namespace detail {

class permit_acquire;

/// What both semaphores are.
class HEDDLE_API permits {
 public:
    /// @throws std::invalid_argument if `count` is negative or too large.
    explicit permits(std::ptrdiff_t count);
    ~permits() {
        if (word_.load(std::memory_order_relaxed) & parked_bit) [[unlikely]]
            check_nobody_waits("semaphore", nullptr, this);
    }
    permits(const permits&) = delete;
    permits& operator=(const permits&) = delete;

    // The word is twice the number of permits that nobody has, less the debts, plus parked_bit. A debt is
    // what a take() has subtracted although there was no permit. It ends when the number is seen not to be
    // below 0 (then there is a permit for each debt), or by being put back. Meanwhile others find a permit
    // less than there are; who has put back looks again at once, so somebody gets it. In the child of a fork
    // a thread that was in take() may have taken a permit along, as one that had got it.
    //
    // Invariant: parked_bit is set under the bucket's lock, in one step with seeing that there is no permit,
    // before a waiter is queued. Whoever finds it set when he adds a permit passes permits on to those who
    // wait, under the lock; the last of them takes the bit along. So nobody is overtaken, and nobody waits
    // beside a permit. A bit that is set although nobody waits (they gave up) is cleared by whoever needs a
    // permit: who gives one may not touch a semaphore at which he finds nobody, because it may be gone.
    //
    // Orders: a permit carries what its giver did: release when adding, acquire when taking. Each change is a
    // read-modify-write, so a taker also sees the givers before (a release sequence).

    /// Takes a permit, by one read-modify-write that does not look before: a look would have to wait for the
    /// read-modify-write before it. Blocks. Throws: cancelled.
    void take() {
        const std::int64_t before = word_.fetch_sub(one, std::memory_order_acquire);
        if (before < one || (before & parked_bit) != 0) [[unlikely]]
            take_owing(before);
    }
    /// Takes a permit if there is one.
    bool try_take() noexcept {
        std::int64_t word = word_.load(std::memory_order_relaxed);
        while (word >= one) {
            if ((word & parked_bit) != 0) [[unlikely]]
                return try_take_after_all();
            if (word_.compare_exchange_weak(word, word - one, std::memory_order_acquire,
                                            std::memory_order_relaxed))
                return true;
        }
        return false;
    }
    bool take_slow(rt::deadline until) { return (!until.expired() && spin()) || park(until); }
    /// Adds `n` permits, at most up to `bound`. @throws std::invalid_argument, invalid_state.
    void give(std::ptrdiff_t n, std::ptrdiff_t bound) {
        if (n != 1 || bound != most) return give_within(n, bound);
        const std::int64_t word = word_.fetch_add(one, std::memory_order_release);
        if (word >= most * one || (word & parked_bit) != 0) [[unlikely]]
            given(word);
    }
    std::ptrdiff_t available() const noexcept {
        return std::max(word_.load(std::memory_order_relaxed) / one, std::int64_t{0});
    }

    static constexpr std::ptrdiff_t most = PTRDIFF_MAX / 4;

 private:
    friend class permit_acquire;
    static constexpr std::int64_t parked_bit = 1;
    static constexpr std::int64_t one = 2;
    enum : std::uintptr_t { stray, handed_over };
    // Tells those who wait for a permit from those who wait, at the same address, for what came after it. The
    // same in each copy of the library in a process.
    static constexpr std::uintptr_t waits_for_permit = 0x7065726d;

    enum class semaphore_is { here, perhaps_gone };
    void take_owing(std::int64_t before);
    bool spin_owing() noexcept;
    bool spin() noexcept;
    bool park(rt::deadline until);
    void give_within(std::ptrdiff_t n, std::ptrdiff_t bound);
    void given(std::int64_t before);
    bool try_take_after_all() noexcept;
    void pass_on(semaphore_is where) noexcept;
    void pass_on_locked(rt::parked& queue, semaphore_is where) noexcept;

    std::atomic<std::int64_t> word_;
};

/// Taking one permit.
class HEDDLE_API permit_acquire : public operation {
 public:
    permit_acquire(permits& p, rt::deadline until) noexcept
        : operation(&p, until, rt::cancellation::observed),
          permits_(p) {}
    const char* kind() const noexcept { return "semaphore"; }
    std::uintptr_t tag() const noexcept { return permits::waits_for_permit; }
    bool ready() noexcept { return taken_ = permits_.try_take(); }
    bool validate() noexcept;
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;
    bool granted() const noexcept { return taken_; }
    bool cancelled() const noexcept { return cancelled_; }

 protected:
    permits& permits_;

 private:
    bool taken_ = false;
    bool cancelled_ = false;
};

/// A permit that goes back at the end of the scope; it may be moved into a task. An empty one tests false.
class [[nodiscard]] permit {
 public:
    permit() noexcept = default;
    permit(permits* from, std::ptrdiff_t bound) noexcept : from_(from), bound_(bound) {}
    permit(permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)), bound_(other.bound_) {}
    permit& operator=(permit&& other) noexcept {
        if (this != &other) {
            give_back();
            from_ = std::exchange(other.from_, nullptr);
            bound_ = other.bound_;
        }
        return *this;
    }
    /// Gives it back. That this is one too many, because somebody has released one that was not his, is told
    /// to the exception hook.
    ~permit() { give_back(); }

    /// Gives it back now; nothing if that has been done. @throws invalid_state as the semaphore's release().
    void release() {
        if (from_ != nullptr) std::exchange(from_, nullptr)->give(1, bound_);
    }
    explicit operator bool() const noexcept { return from_ != nullptr; }

 private:
    HEDDLE_API void give_back() noexcept;
    permits* from_ = nullptr;
    std::ptrdiff_t bound_ = 0;
};

/// Acquiring a permit object.
class scoped_permit_acquire : public permit_acquire {
 public:
    scoped_permit_acquire(permits& p, rt::deadline until, std::ptrdiff_t bound) noexcept
        : permit_acquire(p, until),
          bound_(bound) {}
    permit result() const {
        if (cancelled()) throw heddle::cancelled();
        return permit(granted() ? &permits_ : nullptr, bound_);
    }

 private:
    std::ptrdiff_t bound_;
};

struct no_bound {
    static constexpr std::ptrdiff_t value = permits::most;
    static void take(permits& p) { p.take(); }
};
/// Permits are counted exactly at every moment, so that one too many is noticed by who gives it.
struct fixed_bound {
    std::ptrdiff_t value;
    static void take(permits& p) {
        if (!p.try_take()) p.take_slow(rt::deadline::never());
    }
};

/// What both semaphores offer. First come, first served.
///
/// Thread-safety: all members but the destructor from any task.
template <class Bound> class basic_semaphore {
 public:
    using permit = detail::permit;

    /// Takes a permit. Blocks the task. Throws: cancelled, and then it has none.
    void acquire() { Bound::take(permits_); }
    /// Takes a permit if there is one. Never waits. A `semaphore` may seem to have none while another task is
    /// in the middle of acquire(), which then sees it; a `bounded_semaphore` is exact.
    bool try_acquire() noexcept { return permits_.try_take(); }
    /// Takes a permit unless that takes longer than `d`. @return whether it did. Throws: cancelled.
    template <class Rep, class Period> bool try_acquire_for(std::chrono::duration<Rep, Period> d) {
        return permits_.try_take() || permits_.take_slow(rt::deadline::after(d));
    }
    /// Takes a permit unless that takes until `until`. @return whether it did. Throws: cancelled.
    bool try_acquire_until(rt::deadline until) { return permits_.try_take() || permits_.take_slow(until); }
    /// co_await: takes a permit. Throws: cancelled; invalid_state if it has to wait outside a worker.
    auto async_acquire() {
        return awaiting<wait_result<permit_acquire, void>>(std::in_place, permits_, rt::deadline::never());
    }
    /// co_await: as above, and gives false if it got none before `until`.
    auto async_acquire(rt::deadline until) {
        return awaiting<wait_result<permit_acquire, bool>>(std::in_place, permits_, until);
    }

    /// Gives `n` permits: to the first `n` who wait, and what is left to those who come. All or, if it
    /// throws, none. @throws std::invalid_argument for n < 1; invalid_state above the bound, or a quarter of
    /// PTRDIFF_MAX.
    void release(std::ptrdiff_t n = 1) { permits_.give(n, bound_.value); }

    /// How many permits there are: a hint.
    std::ptrdiff_t available() const noexcept { return permits_.available(); }

    /// As acquire(), and gives a permit that goes back by itself.
    permit scoped_acquire() {
        acquire();
        return permit(&permits_, bound_.value);
    }
    /// As try_acquire(); test the permit.
    permit try_scoped_acquire() noexcept { return permit(try_acquire() ? &permits_ : nullptr, bound_.value); }
    /// As try_acquire_for(); test the permit.
    template <class Rep, class Period> permit scoped_acquire_for(std::chrono::duration<Rep, Period> d) {
        return permit(try_acquire_for(d) ? &permits_ : nullptr, bound_.value);
    }
    /// As try_acquire_until(); test the permit.
    permit scoped_acquire_until(rt::deadline until) {
        return permit(try_acquire_until(until) ? &permits_ : nullptr, bound_.value);
    }
    /// co_await: as async_acquire(), and gives a permit that goes back by itself.
    auto async_scoped_acquire() { return async_scoped_acquire(rt::deadline::never()); }
    /// co_await: as async_acquire(until); test the permit.
    auto async_scoped_acquire(rt::deadline until) {
        return awaiting<scoped_permit_acquire>(std::in_place, permits_, until, bound_.value);
    }

 protected:
    explicit basic_semaphore(std::ptrdiff_t count, Bound bound = {}) : permits_(count), bound_(bound) {}
    ~basic_semaphore() = default;

    permits permits_;
    [[no_unique_address]] Bound bound_;
};

}  // namespace detail

/// Permits without a bound: releasing is a signal too.
class semaphore : public detail::basic_semaphore<detail::no_bound> {
 public:
    /// @throws std::invalid_argument for a number of permits that is negative, or above a quarter of
    /// PTRDIFF_MAX.
    explicit semaphore(std::ptrdiff_t permits = 1) : basic_semaphore(permits) {}
};

/// Permits that can never be more than there were at first: a release too many is an error.
class bounded_semaphore : public detail::basic_semaphore<detail::fixed_bound> {
 public:
    /// @throws std::invalid_argument for a number of permits that is negative, or above a quarter of
    /// PTRDIFF_MAX.
    explicit bounded_semaphore(std::ptrdiff_t permits = 1) : basic_semaphore(permits, {permits}) {}
    /// The number of permits at first.
    std::ptrdiff_t bound() const noexcept { return bound_.value; }
};

}  // namespace heddle::inline v0
