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

template <class Engine> task<void> async_shut_down(Engine& engine, shutdown_options options) {
    const bool waits = std::exchange(options.wait, false);
    engine.stop(options);
    const auto running = [&engine] { return !engine.stopped(); };
    while (waits && running()) {
        rt::async_park end(engine.end(), running);
        if (co_await end == rt::wait_outcome::cancelled) throw cancelled();
    }
    if (waits) engine.join();
}

}  // namespace heddle::inline v0::detail
