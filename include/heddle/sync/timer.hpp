// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs a function once, later, unless it is cancelled first. For something periodic, or with many timers, use
// a coroutine with sleep on an event_loop.

#include <functional>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/detail/wait_result.hpp>
#include <memory>
#include <tuple>
#include <utility>

namespace heddle::inline v0 {

namespace detail {

class timer_state;

HEDDLE_API std::shared_ptr<timer_state> start_timer(rt::deadline when, std::function<void()> f);

/// Waiting until a timer has run or is cancelled.
class HEDDLE_API timer_wait : public operation {
 public:
    timer_wait(std::shared_ptr<timer_state> state, rt::deadline until);
    const char* kind() const noexcept { return "timer"; }
    bool ready();
    bool validate() noexcept;
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;
    bool granted() const noexcept { return over_; }
    bool cancelled() const noexcept { return false; }

 private:
    std::shared_ptr<timer_state> state_;
    bool over_ = false;
};

}  // namespace detail

/// A call that is made once, at a moment. All timers share one thread, so the function should be short: hand
/// longer work to a pool. What it throws goes to the exception hook.
///
/// Thread-safety: all members but the destructor and assignment from any task.
class HEDDLE_API timer {
 public:
    /// Calls `f(args...)` when `d` has passed. Throws: std::bad_alloc; std::system_error if it is the first
    /// and the thread cannot be started. Complexity: two allocations.
    template <class Rep, class Period, class F, class... Args>
    timer(std::chrono::duration<Rep, Period> d, F f, Args... args)
        : timer(rt::deadline::after(d), std::move(f), std::move(args)...) {}
    /// Calls `f(args...)` at `when`.
    template <class F, class... Args>
    timer(rt::deadline when, F f, Args... args)
        : state_(detail::start_timer(when, call(std::move(f), std::move(args)...))) {}
    timer(timer&& other) noexcept : state_(std::move(other.state_)) {}
    /// Ends what it was before, as the destructor does.
    timer& operator=(timer&& other) noexcept {
        if (this != &other) {
            end();
            state_ = std::move(other.state_);
        }
        return *this;
    }
    /// Cancels it; if the function is running, waits for it, unless it is the function itself that gets here.
    /// Blocks the task.
    ~timer() { end(); }

    /// Withdraws it. @return true if it has not run and never will, now or since a call before.
    bool cancel();
    /// Whether the function has run.
    bool fired() const noexcept;
    /// Waits until it has run or is cancelled. Blocks the task. Not a point of cancellation. @throws
    /// deadlock_error from the function itself, and from that of another timer if it would have to wait: all
    /// run on one thread.
    void join() { join_until(rt::deadline::never()); }
    /// As join(), for at most `d`. @return whether it has run or is cancelled.
    template <class Rep, class Period> bool join_for(std::chrono::duration<Rep, Period> d) {
        return join_until(rt::deadline::after(d));
    }
    /// As join(), until `until`. @return whether it has run or is cancelled.
    bool join_until(rt::deadline until);
    /// co_await: as join(). Throws also: invalid_state if it has to wait outside a worker.
    auto async_join() {
        return detail::awaiting<detail::wait_result<detail::timer_wait, void>>(std::in_place, state_,
                                                                               rt::deadline::never());
    }
    /// co_await: as join_until().
    auto async_join(rt::deadline until) {
        return detail::awaiting<detail::wait_result<detail::timer_wait, bool>>(std::in_place, state_, until);
    }

 private:
    template <class F, class... Args> static std::function<void()> call(F f, Args... args) {
        if constexpr (std::is_copy_constructible_v<F> && (std::is_copy_constructible_v<Args> && ...)) {
            return [f = std::move(f), args = std::tuple<Args...>(std::move(args)...)]() mutable {
                std::apply(f, std::move(args));
            };
        } else {
            // std::function copies what it holds.
            auto shared = std::make_shared<std::pair<F, std::tuple<Args...>>>(
                std::move(f), std::tuple<Args...>(std::move(args)...));
            return [shared = std::move(shared)] { std::apply(shared->first, std::move(shared->second)); };
        }
    }
    void end() noexcept;

    std::shared_ptr<detail::timer_state> state_;  // null once moved from
};

}  // namespace heddle::inline v0
