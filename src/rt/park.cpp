// SPDX-License-Identifier: BSL-1.0
#include "futex.hpp"

#include <heddle/rt/error.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/patience.hpp>
#include <heddle/rt/spinner.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/timer.hpp>
#include <heddle/rt/worker.hpp>

namespace heddle::inline v0::rt {

namespace {

// A blocked thread: sleeps on its own outcome until somebody has set it.
class thread_waiter : public waiter {
 public:
    thread_waiter() noexcept : waiter(waiter_kind::thread, &on_wake) {}

    /// Sleeps until woken; false if the deadline passed first.
    bool block(deadline until) noexcept {
        std::uint32_t now = awake;
        // Whoever wakes it sees by the exchange whether it sleeps. It may do so from here on.
        if (!state_.compare_exchange_strong(now, asleep, std::memory_order_acquire) && now != asleep)
            return true;
        const auto since = patience::begin();
        while (state_.load(std::memory_order_acquire) == asleep)
            if (!futex_wait(state_, asleep, until)) return false;
        detail::thread_patience().slept(since, woken_by_);
        return true;
    }
    /// Looks for a moment whether it has been woken.
    void spin() noexcept {
        for (spinner s = spinner::patient(); outcome() == wait_outcome::waiting && s.again();) {
        }
    }

    // acquire: what the waker did before it woke us is visible from here on.
    wait_outcome outcome() const noexcept {
        const std::uint32_t s = state_.load(std::memory_order_acquire);
        return s == asleep ? wait_outcome::waiting : static_cast<wait_outcome>(s);
    }

 private:
    static void on_wake(waiter& w, wait_outcome outcome) noexcept {
        auto& self = static_cast<thread_waiter&>(w);
        auto& word = self.state_;
        const auto* address = &word;
        if (word.load(std::memory_order_relaxed) == asleep) self.woken_by_ = patience::wake_up::now();
        // release: pairs with outcome(). After this the sleeper may leave and the waiter be gone.
        if (word.exchange(static_cast<std::uint32_t>(outcome), std::memory_order_release) == asleep)
            futex_wake(address, 1);
    }

    static constexpr auto awake = static_cast<std::uint32_t>(wait_outcome::waiting);
    static constexpr std::uint32_t asleep = UINT32_MAX;
    std::atomic<std::uint32_t> state_{awake};
    patience::wake_up woken_by_;  // the waker's until it has set the outcome
};

// A suspended fiber: queued once its stack is no longer in use, and made ready again through its host.
class fiber_waiter : public waiter, private timer {
 public:
    /// Its timer may fire at once, on another thread: it is aimed before that, so that withdraw() goes
    /// through the bucket's lock.
    fiber_waiter(fiber_task& task, const park_request& request, function_ref<bool()> validate)
        : waiter(waiter_kind::fiber, &on_wake),
          timer(&on_timeout),
          task_(task),
          request_(request),
          validate_(validate) {
        aim(request.address);
        // First: if there is no memory for it nothing is to be undone.
        if (!request.until.is_never()) task_.host().add_timer(*this, request.until.when());
        // What is called after queueing is on the fiber's stack: nobody else may resume it before that.
        if (request.queued != nullptr) task_.pin();
    }
    ~fiber_waiter() {
        if (!request_.until.is_never()) task_.host().remove_timer(*this);
        if (request_.queued != nullptr) task_.unpin();
    }

    wait_outcome wait() noexcept {
        task_.suspend([](void* self) noexcept { static_cast<fiber_waiter*>(self)->publish(); }, this);
        return outcome_;
    }

 private:
    // From a successful enqueue on, the fiber may go on elsewhere and this object be gone.
    void publish() noexcept {
        const auto* const queued = request_.queued;
        const auto validate = [this] {
            // Too late to be found in the queue; see on_timeout().
            if (expired_.load(std::memory_order_relaxed)) {
                outcome_ = wait_outcome::timed_out;
                return false;
            }
            return validate_();
        };
        if (!parking_lot::enqueue(*this, request_.address, validate))
            task_.resume();
        else if (queued != nullptr)
            (*queued)();  // pinned: only this worker resumes the fiber, so it is still there
    }
    static void on_wake(waiter& w, wait_outcome outcome) noexcept {
        auto& self = static_cast<fiber_waiter&>(w);
        self.outcome_ = outcome;
        self.task_.resume();
    }
    // The flag is set before the bucket's lock is taken, and read under it: either the waiter is queued by
    // then and is withdrawn, or whoever queues it sees the flag.
    static void on_timeout(timer& t) noexcept {
        auto& self = static_cast<fiber_waiter&>(t);
        self.expired_.store(true, std::memory_order_relaxed);
        if (parking_lot::withdraw(self)) self.wake(wait_outcome::timed_out);
    }

    fiber_task& task_;
    const park_request& request_;
    function_ref<bool()> validate_;
    std::atomic<bool> expired_{false};
    wait_outcome outcome_ = wait_outcome::invalid;
};

wait_outcome block(thread_waiter& w, const park_request& request, function_ref<bool()> validate) {
    if (!parking_lot::enqueue(w, request.address, validate)) return wait_outcome::invalid;
    if (request.queued != nullptr) (*request.queued)();
    if (request.spin) w.spin();
    if (!w.block(request.until)) {
        if (parking_lot::withdraw(w)) return wait_outcome::timed_out;
        w.block(deadline::never());  // somebody took it out and is about to wake it, or it was requeued
    }
    return w.outcome();
}

}  // namespace

wait_outcome park(const park_request& request, std::uintptr_t& token) {
    fiber_task* const fiber = fiber_task::current();
    if (fiber != nullptr) fiber->begin_wait();
    task_context& task = current_task();
    const bool observed = request.mode == cancellation::observed;
    bool stopped = false;  // a request came between begin_wait() and queueing
    const auto still_right = [&] {
        stopped = observed && task.stop_pending();
        return !stopped && request.validate();
    };
    // The wait of either kind, with the stop requests of its task.
    const auto observe = [&](waiter& w, auto wait) {
        w.set_task(&task);
        w.set_tag(request.tag);
        w.set_subject(request.kind, request.name);
        if (!task.begin_wait(w, request.address, request.mode)) return wait_outcome::cancelled;
        wait_outcome outcome = wait();
        if (outcome == wait_outcome::invalid && stopped) outcome = wait_outcome::cancelled;
        task.end_wait(outcome);
        token = w.token();
        return outcome;
    };
    if (fiber != nullptr) {
        fiber_waiter w(*fiber, request, still_right);
        return observe(w, [&] { return w.wait(); });
    }
    thread_waiter w;
    return observe(w, [&] { return block(w, request, still_right); });
}

wait_outcome park(const void* address, function_ref<bool()> validate, deadline until, cancellation mode,
                  std::uintptr_t* token) {
    std::uintptr_t passed = 0;
    const auto outcome =
        park({.address = address, .validate = validate, .until = until, .mode = mode}, passed);
    if (token != nullptr) *token = passed;
    return outcome;
}

void sleep_until(deadline until) {
    // Nobody unparks this on purpose; but a primitive that was here before may be unparked late, by one who
    // has only its address left.
    const char here = 0;
    const auto always = [] { return true; };
    wait_outcome outcome{};
    do {
        std::uintptr_t token = 0;
        outcome = park({.address = &here,
                        .validate = always,
                        .until = until,
                        .mode = cancellation::observed,
                        .kind = "time"},
                       token);
    } while (outcome == wait_outcome::granted);
    if (outcome == wait_outcome::cancelled) throw cancelled();
}

}  // namespace heddle::inline v0::rt
