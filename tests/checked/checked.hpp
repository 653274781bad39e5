// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests that the checker runs have in common: heddle itself is instrumented, and a few threads,
// fibers or coroutines do a few things in many orders.

#include <gtest/gtest.h>
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <heddle/check/explore.hpp>
#include <string>
#include <vector>

#include "tasks.hpp"

namespace checked {

/// A few times as many orders as most of what is planted takes to be found; HEDDLE_CHECKED_SCHEDULES in the
/// environment can ask for more.
inline heddle::check::options usual(std::uint64_t schedules = 150) {
    const char* const more = std::getenv("HEDDLE_CHECKED_SCHEDULES");
    if (more == nullptr) return {.schedules = schedules, .time = std::chrono::seconds(60)};
    return {.schedules = std::max<std::uint64_t>(schedules, std::strtoull(more, nullptr, 10)),
            .time = std::chrono::hours(1)};
}

/// Nothing fails in any of the orders tried.
inline void expect_correct(const std::function<void()>& body, const char* as, std::uint64_t schedules = 150) {
    const heddle::check::report r = heddle::check::explore(body, usual(schedules));
    EXPECT_TRUE(r) << as << "\n" << r;
    EXPECT_TRUE(r.schedules > 20 || r.complete) << as << ": there was nothing to choose";
}

/// The same for what `scenario` does with each of the ways to run blocking code at once.
inline void expect_correct_everywhere(const std::function<void(const way&)>& scenario) {
    expect_correct([&] { scenario(threads); }, "threads");
    expect_correct([&] { scenario(fibers); }, "fibers of one worker");
    expect_correct([&] { scenario(fibers_of_two_workers); }, "fibers of two workers");
}

/// The body fails in one of the orders, in this way.
inline void expect_found(const std::string& kind, const std::function<void()>& body) {
    const heddle::check::report r = heddle::check::explore(body, usual(2000));
    ASSERT_TRUE(r.found.has_value()) << r;
    EXPECT_EQ(r.found->kind, kind) << r;
}

}  // namespace checked

#define EXPECT_CORRECT(...) ::checked::expect_correct(__VA_ARGS__, "this body")
#define EXPECT_CORRECT_EVERYWHERE(...) ::checked::expect_correct_everywhere(__VA_ARGS__)
#define EXPECT_FOUND(kind, ...) ::checked::expect_found(kind, __VA_ARGS__)
