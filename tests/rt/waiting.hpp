// SPDX-License-Identifier: BSL-1.0
#pragma once

// What tests of things that wait have in common: how to know that somebody waits, and small things to run.

#include <coroutine>
#include <exception>
#include <functional>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/worker.hpp>
#include <thread>
#include <utility>

namespace waiting {

/// Lets others run until `condition()`.
template <class Condition> void until(Condition condition) {
    while (!condition()) std::this_thread::yield();
}

/// Returns when exactly `n` wait at `address`.
inline void until_parked(const void* address, std::size_t n) {
    until([=] { return heddle::rt::parking_lot::count(address) == n; });
}

inline constexpr auto always = [] { return true; };

/// A step for a worker that calls a function.
class step final : public heddle::rt::runnable {
 public:
    explicit step(std::function<void()> f) : runnable(&on_run), f_(std::move(f)) {}

 private:
    static void on_run(heddle::rt::runnable& r) noexcept { static_cast<step&>(r).f_(); }
    std::function<void()> f_;
};

/// A coroutine that runs when it is called, and is gone when it ends.
struct strand {
    struct promise_type {
        strand get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

/// Runs `first()` as the first step of `w`, and `w` until `done`.
inline void run_on(heddle::rt::worker& w, const bool& done, std::function<void()> first) {
    step s(std::move(first));
    w.post(s);
    w.run(nullptr, [&] { return done; });
}

}  // namespace waiting
