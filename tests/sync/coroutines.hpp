// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests of primitives have in common: waiting until coroutines and threads wait, and running them.

#include <gtest/gtest.h>
#include <atomic>
#include <functional>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/worker.hpp>
#include <thread>
#include <vector>
#include "rt/waiting.hpp"

namespace sync_tests {

using heddle::rt::deadline;
using waiting::until;
using waiting::until_parked;

/// Returns when exactly `n` wait at `address`; lets the other coroutines of the loop run.
inline heddle::task<> parked(const void* address, std::size_t n) {
    while (heddle::rt::parking_lot::count(address) != n) co_await heddle::yield();
}

/// Lets every coroutine that can run do so, often enough for a few wake-ups in a row.
inline heddle::task<> settle() {
    for (int i = 0; i < 20; ++i) co_await heddle::yield();
}

using coroutines = std::vector<std::function<heddle::task<>()>>;

/// Runs each as a task of one loop, begun in this order, to their end.
inline void run_coroutines(coroutines work) {
    const auto main = [&]() -> heddle::task<> {
        std::vector<heddle::future<>> running;
        for (const auto& f : work) running.push_back(heddle::spawn(f()));
        for (const auto& f : running) co_await f;
    };
    heddle::run(main());
}

/// A limit that passes while the test looks on.
inline deadline soon() {
    return deadline::after(std::chrono::milliseconds(1));
}

/// A thread that is a task that can be asked to stop, and joins.
class stoppable_thread {
 public:
    template <class F>
    explicit stoppable_thread(F f)
        : thread_([this, f = std::move(f)] {
              heddle::rt::task_scope scope(&task_);
              f();
          }) {}
    ~stoppable_thread() { join(); }
    void request_stop() { task_.request_stop(); }
    void join() {
        if (thread_.joinable()) thread_.join();
    }
    heddle::rt::task_context& task() { return task_; }

 private:
    heddle::rt::task_context task_;
    std::thread thread_;
};

/// Runs each of `bodies` on a fiber of one worker, to their end.
inline void run_fibers(std::vector<std::function<void()>> bodies) {
    heddle::rt::worker home;
    std::size_t left = bodies.size();
    for (auto& body : bodies)
        heddle::rt::fiber_task::start(home, {}, [&left, body = std::move(body)] {
            body();
            --left;
        });
    home.run(nullptr, [&] { return left == 0; });
}

}  // namespace sync_tests
