// SPDX-License-Identifier: BSL-1.0
#pragma once

// Letting time pass, and letting others run, in a coroutine.

#include <coroutine>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/coroutine.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/worker.hpp>

namespace heddle::inline v0 {

/// Awaitable of sleep() and sleep_until().
class [[nodiscard("co_await it")]] sleep_awaiter {
 public:
    explicit sleep_awaiter(rt::deadline until) : park_(reinterpret_cast<const char*>(this) + 1, {}, until) {}
    bool await_ready() { return park_.await_ready(); }
    bool await_suspend(std::coroutine_handle<> h) { return park_.await_suspend(h); }
    void await_resume() {
        if (park_.await_resume() == rt::wait_outcome::cancelled) throw cancelled();
    }

 private:
    struct always {
        bool operator()() const noexcept { return true; }
    };
    // Under an odd address of this object's own. Nobody unparks there, not even late, by one who has only the
    // address left of a primitive that was here before: those are aligned.
    rt::async_park<always> park_;
};

/// Suspends the coroutine until `until`. A point of cancellation: throws cancelled. Throws: invalid_state
/// outside a worker.
inline sleep_awaiter sleep_until(rt::deadline until) {
    return sleep_awaiter(until);
}

/// Suspends the coroutine for `d`; zero or less lets others run once. A point of cancellation: throws
/// cancelled. Throws: invalid_state outside a worker.
template <class Rep, class Period> sleep_awaiter sleep(std::chrono::duration<Rep, Period> d) {
    return sleep_awaiter(rt::deadline::after(d));
}

/// Awaitable of yield().
class [[nodiscard("co_await it")]] yield_awaiter : private rt::runnable {
 public:
    yield_awaiter() noexcept : runnable(&on_run) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) {
        rt::worker* const here = rt::worker::current();
        if (here == nullptr) throw invalid_state("yield() outside a worker: only a coroutine on a loop can");
        handle_ = h;
        task_ = &rt::current_task();
        here->post_last(*this);
    }
    void await_resume() const {
        if (task_->take_stop()) throw cancelled();
    }

 private:
    static void on_run(rt::runnable& r) noexcept {
        auto& self = static_cast<yield_awaiter&>(r);
        rt::task_scope scope(self.task_);
        rt::resume(self.handle_);
    }
    std::coroutine_handle<> handle_;
    rt::task_context* task_ = nullptr;
};

/// Lets everything else that is ready run once. A point of cancellation: throws cancelled. Throws:
/// invalid_state outside a worker.
inline yield_awaiter yield() {
    return {};
}

}  // namespace heddle::inline v0
