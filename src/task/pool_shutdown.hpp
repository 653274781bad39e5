// SPDX-License-Identifier: BSL-1.0
#pragma once

// The forms of shutdown() that wait for a pool's end, for any engine that has threads.

#include <heddle/rt/async_park.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/task/executor.hpp>
#include <heddle/task/task.hpp>
#include <utility>

namespace heddle::inline v0::detail {

/// @return whether all has ended.
template <class Engine> bool shut_down_until(Engine& engine, rt::deadline until, shutdown_options options) {
    options.wait = false;
    engine.stop(options);
    return engine.wait_until_stopped(until);
}

/// @return whether all has ended, as far as that is so without waiting.
template <class Engine> bool try_shut_down(Engine& engine, shutdown_options options) {
    return shut_down_until(engine, rt::deadline(rt::clock::time_point{}), options);
}

/// As shut_down_until(), for a coroutine. @throws cancelled
template <class Engine>
task<bool> async_shut_down_until(Engine& engine, rt::deadline until, shutdown_options options) {
    options.wait = false;
    engine.stop(options);
    const auto running = [&engine] { return !engine.stopped(); };
    while (running()) {
        rt::async_park end(engine.end(), running, until);
        const auto outcome = co_await end;
        if (outcome == rt::wait_outcome::cancelled) throw cancelled();
        if (outcome == rt::wait_outcome::timed_out) co_return !running();
    }
    co_return true;
}

template <class Engine> task<void> async_shut_down(Engine& engine, shutdown_options options) {
    if (!options.wait) {
        engine.stop(options);
        co_return;
    }
    co_await async_shut_down_until(engine, rt::deadline::never(), options);
    engine.join();
}

}  // namespace heddle::inline v0::detail
