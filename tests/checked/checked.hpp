// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests that the checker runs have in common: heddle itself is instrumented, and a few threads do a
// few things in many orders.

#include <gtest/gtest.h>
#include <functional>
#include <heddle/check/explore.hpp>
#include <initializer_list>
#include <thread>
#include <vector>

namespace checked {

/// Many times as many orders as it takes to find what is planted.
inline heddle::check::options usual() {
    return {.schedules = 600, .time = std::chrono::seconds(60)};
}

/// Runs the functions at once, each on a thread of its own, and joins them.
inline void at_once(std::initializer_list<std::function<void()>> work) {
    std::vector<std::thread> threads;
    for (const auto& f : work) threads.emplace_back(f);
    for (std::thread& t : threads) t.join();
}

}  // namespace checked

/// Nothing fails in any of the orders tried.
#define EXPECT_CORRECT(...)                                                                      \
    do {                                                                                         \
        const heddle::check::report r = heddle::check::explore(__VA_ARGS__, ::checked::usual()); \
        EXPECT_TRUE(r) << r;                                                                     \
        EXPECT_GT(r.schedules, 20u) << "there was nothing to choose";                            \
    } while (false)

/// A planted bug: it must be found, as one of this kind.
#define EXPECT_FOUND(expected_kind, ...)                                                         \
    do {                                                                                         \
        const heddle::check::report r = heddle::check::explore(__VA_ARGS__, ::checked::usual()); \
        ASSERT_TRUE(r.found.has_value()) << r;                                                   \
        EXPECT_EQ(r.found->kind, expected_kind) << r;                                            \
    } while (false)
