// SPDX-License-Identifier: BSL-1.0
#pragma once

// What all executors share: the words of their interface. "Threads or processes?" is a change of one type
// name.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/then.hpp>
#include <optional>
#include <string>

namespace heddle::inline v0 {

/// What an executor that orders its tasks is told about one. Each uses what it understands.
struct task_options {
    std::string name{};                                ///< of the task: reports and current_task() say it
    int priority = 0;                                  ///< a higher one is taken first
    std::uint32_t weight = 1;                          ///< its share, for policies of shares
    std::optional<std::chrono::nanoseconds> burst{};   ///< how long it is thought to run
    rt::deadline due{};                                ///< when it should be done
    std::optional<std::chrono::nanoseconds> period{};  ///< how often it comes
};

/// How an executor ends.
struct shutdown_options {
    bool wait = true;             ///< return only when every accepted task is done and the workers have ended
    bool cancel_pending = false;  ///< withdraw what has not started
};

/// Something that takes work and gives futures.
template <class E>
concept executor = requires(E& e, int (*f)(int)) {
    { e.submit(f, 1) } -> std::same_as<future<int>>;
    e.shutdown(shutdown_options{});
};

}  // namespace heddle::inline v0
