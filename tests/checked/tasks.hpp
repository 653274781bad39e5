// SPDX-License-Identifier: BSL-1.0
#pragma once

// A few things done at once: by threads, by fibers, by coroutines.

#include <functional>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/worker.hpp>
#include <utility>
#include <vector>

#include "at_once.hpp"

namespace checked {

using coroutines = std::vector<std::function<heddle::task<>()>>;
/// Runs the functions at once and returns when all have ended.
using way = std::function<void(bodies)>;

/// Each on a fiber of one worker, which is the calling thread.
inline void on_fibers(bodies work) {
    heddle::rt::worker home;
    std::size_t left = work.size();
    for (auto& f : work)
        heddle::rt::fiber_task::start(home, {.stack_size = 128 << 10}, [&left, f = std::move(f)] {
            f();
            --left;
        });
    home.run(nullptr, [&] { return left == 0; });
}

/// Every second one on a fiber of another thread's worker.
inline void on_fibers_of_two_workers(bodies work) {
    bodies halves[2];
    for (std::size_t i = 0; i < work.size(); ++i) halves[i % 2].push_back(std::move(work[i]));
    at_once({[&] { on_fibers(std::move(halves[0])); }, [&] { on_fibers(std::move(halves[1])); }});
}

inline const way threads = at_once;
inline const way fibers = on_fibers;
inline const way fibers_of_two_workers = on_fibers_of_two_workers;

/// Each as a task of one loop, which the calling thread runs.
inline void on_loop(coroutines work) {
    const auto main = [&]() -> heddle::task<> {
        std::vector<heddle::future<>> running;
        for (const auto& f : work) running.push_back(heddle::spawn(f()));
        for (const auto& f : running) co_await f;
    };
    heddle::run(main());
}

/// Returns when exactly `n` wait at `address`; lets the other coroutines of the loop run.
inline heddle::task<> parked(const void* address, std::size_t n) {
    while (heddle::rt::parking_lot::count(address) != n) co_await heddle::yield();
}

}  // namespace checked
