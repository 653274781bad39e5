// SPDX-License-Identifier: BSL-1.0
#pragma once

// Something has happened. A manual event stays set until clear() and lets everybody through; an automatic one
// lets one waiter through and clears itself. Use latch to wait for a number of things, condition for anything
// that is more than yes or no.

#include <atomic>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/detail/wait_result.hpp>
#include <heddle/sync/detail/wait_target.hpp>

namespace heddle::inline v0 {

class event;

namespace detail {
class event_case_base;
}

/// What becomes of an event once somebody has been let through.
enum class event_reset : std::uint8_t {
    manual,     ///< it stays set
    automatic,  ///< it is not set any more
};

namespace detail {

/// Waiting for an event.
class HEDDLE_API event_wait : public operation {
 public:
    event_wait(event& e, rt::deadline until) noexcept;
    std::uintptr_t tag() noexcept { return target_.as_tag(); }
    const char* kind() const noexcept { return "event"; }
    bool ready() noexcept;
    bool validate() noexcept;
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;
    bool granted() const noexcept { return granted_; }
    bool cancelled() const noexcept { return cancelled_; }

 private:
    event& event_;
    wait_target target_;
    bool granted_ = false;
    bool cancelled_ = false;
};

}  // namespace detail

/// An event for threads, fibers and coroutines.
///
/// Thread-safety: all members but the destructor from any task. What was done before set() is seen by those
/// whom it lets through.
class HEDDLE_API event {
 public:
    /// A manual event.
    explicit event(bool set = false) noexcept : event(event_reset::manual, set) {}
    /// One of either kind.
    explicit event(event_reset kind, bool set = false) noexcept : state_(set ? set_bit : 0), kind_(kind) {}
    /// Ends the program with a message if somebody waits.
    ~event() {
        if (state_.load(std::memory_order_relaxed) & parked_bit) [[unlikely]]
            detail::check_nobody_waits("event", nullptr, this);
    }
    event(const event&) = delete;
    event& operator=(const event&) = delete;

    // Invariant: set_bit and parked_bit are never both there. parked_bit is set under the bucket's lock, in
    // one step with seeing that set_bit is not there, before a waiter is queued; and while it is there set()
    // works under that lock, which lets the waiters through or, if all have left, sets set_bit.
    //
    // Orders: release by whoever sets, acquire by whoever is let through. set() is a read-modify-write also
    // if the event is set already, so that who sees the event set sees what every set() before it published.

    /// Sets it: lets everybody through who waits now or comes later (manual), or one (automatic). One that is
    /// set stays so.
    void set() noexcept {
        std::uint32_t state = 0;  // a guess: a look would have to wait for the last read-modify-write
        do
            if (state_.compare_exchange_weak(state, state | set_bit, std::memory_order_release,
                                             std::memory_order_relaxed))
                return;
        while ((state & parked_bit) == 0);
        set_slow();
    }
    /// Makes it not set. Who has been let through stays so: set() directly followed by clear() frees
    /// everybody who waited at that moment.
    void clear() noexcept { state_.fetch_and(~set_bit, std::memory_order_relaxed); }
    /// Whether it is set, and then what was done before set() is seen. Of an automatic event the signal
    /// stays.
    bool is_set() const noexcept { return (state_.load(std::memory_order_acquire) & set_bit) != 0; }

    /// Waits until it is set. Blocks the task. Throws: cancelled.
    void wait() {
        if (!try_wait()) wait_slow(rt::deadline::never());
    }
    /// Whether it is set; of an automatic event it takes the signal. Never waits.
    bool try_wait() noexcept {
        std::uint32_t state = state_.load(std::memory_order_acquire);
        while ((state & set_bit) != 0) {
            if (kind_ == event_reset::manual) return true;
            if (state_.compare_exchange_weak(state, state & ~set_bit, std::memory_order_acquire,
                                             std::memory_order_acquire))
                return true;
        }
        return false;
    }
    /// Waits until it is set or `d` has passed. Blocks the task. @return whether it was let through. Throws:
    /// cancelled.
    template <class Rep, class Period> bool wait_for(std::chrono::duration<Rep, Period> d) {
        return try_wait() || wait_slow(rt::deadline::after(d));
    }
    /// Waits until it is set or `until`. @return whether it was let through. Throws: cancelled.
    bool wait_until(rt::deadline until) { return try_wait() || wait_slow(until); }
    /// co_await: waits until it is set. Throws: cancelled; invalid_state if it has to wait outside a worker.
    auto async_wait() {
        return detail::awaiting<detail::wait_result<detail::event_wait, void>>(std::in_place, *this,
                                                                               rt::deadline::never());
    }
    /// co_await: as above, and gives false if it was not set before `until`.
    auto async_wait(rt::deadline until) {
        return detail::awaiting<detail::wait_result<detail::event_wait, bool>>(std::in_place, *this, until);
    }

 private:
    friend class detail::event_wait;
    friend class detail::event_case_base;
    static constexpr std::uint32_t set_bit = 1;
    static constexpr std::uint32_t parked_bit = 2;
    enum : std::uintptr_t { stray, let_through };

    /// Under the bucket's lock: whether it is not set; then set() will look for those who wait.
    bool must_wait() noexcept;
    void set_slow() noexcept;
    bool wait_slow(rt::deadline until);

    std::atomic<std::uint32_t> state_;
    const event_reset kind_;
};

}  // namespace heddle::inline v0
