// SPDX-License-Identifier: BSL-1.0
// thread_pool::map(): what it gives, in which order, and for how long it waits.
#include <gtest/gtest.h>
#include <atomic>
#include <heddle/task/thread_pool.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>
#include "gate.hpp"
#include "rt/waiting.hpp"

using namespace std::chrono_literals;
using heddle::thread_pool;
using heddle::rt::deadline;
using task_tests::gate;

TEST(thread_pool, EX01_map_keeps_the_order_of_the_inputs_though_they_finish_in_another) {
    gate first;
    thread_pool pool(2);
    auto results = pool.map(
        [&](int x) {
            if (x == 0) first.pass();
            if (x == 2) first.open();  // so the first is the last but one to finish
            return x * x;
        },
        std::vector<int>{0, 1, 2, 3});
    std::vector<int> seen;
    for (const int x : results) seen.push_back(x);
    EXPECT_EQ(seen, (std::vector<int>{0, 1, 4, 9}));
}

TEST(thread_pool, EX01_map_ends_at_the_error_in_its_place) {
    thread_pool pool(2);
    auto results = pool.map([](int x) { return 10 / x; }, std::vector<int>{5, 2});
    EXPECT_EQ(std::move(results).get(), (std::vector<int>{2, 5}));
    auto failing = pool.map(
        [](int x) {
            if (x == 2) throw std::domain_error("two");
            return x;
        },
        std::vector<int>{1, 2, 3});
    auto i = failing.begin();
    EXPECT_EQ(*i, 1);
    ++i;
    EXPECT_THROW(*i, std::domain_error);
}

TEST(thread_pool, EX01_map_submits_everything_although_the_results_are_never_asked_for) {
    std::atomic<int> ran{0};
    {
        thread_pool pool(1);
        pool.map([&](int) { ran.fetch_add(1); }, std::vector<int>(10));
    }
    EXPECT_EQ(ran, 10);
}

TEST(thread_pool, map_withdraws_what_has_not_started_when_iteration_is_given_up) {
    gate first;
    std::atomic<int> ran{0};
    thread_pool pool(1);
    {
        auto results = pool.map(
            [&](int x) {
                ran.fetch_add(1);
                if (x == 1) first.pass();
                return x;
            },
            std::vector<int>{0, 1, 2, 3});
        EXPECT_EQ(*results.begin(), 0);
        first.entered();
    }
    first.open();
    pool.shutdown();
    EXPECT_EQ(ran, 2);
}

TEST(thread_pool, EX02_the_time_limit_of_map_counts_from_its_call) {
    gate g;
    thread_pool pool(1);
    auto results = pool.map(
        [&](int x) {
            if (x == 1) g.pass();
            return x;
        },
        std::vector<int>{0, 1}, {.until = deadline::after(2ms), .chunk = 0});
    g.entered();
    heddle::rt::sleep_for(2ms);  // this is the time that counts
    auto i = results.begin();
    EXPECT_EQ(*i, 0);  // a finished one is still given
    ++i;
    EXPECT_THROW(*i, heddle::timeout_error);
    g.open();
}

TEST(thread_pool, EX02_get_of_a_map_has_the_time_limit_too) {
    gate g;
    thread_pool pool(1);
    auto results =
        pool.map([&](int) { g.pass(); }, std::vector<int>{0}, {.until = deadline::after(1ms), .chunk = 0});
    EXPECT_THROW(std::move(results).get(), heddle::timeout_error);
    g.open();
}

TEST(thread_pool, map_takes_any_range_and_gives_nothing_for_void) {
    thread_pool pool(2);
    std::atomic<int> sum{0};
    const std::set<int> items{1, 2, 3};
    pool.map([&](int x) { sum.fetch_add(x); }, items).get();
    EXPECT_EQ(sum, 6);
    EXPECT_EQ(pool.map([](int x) { return x; }, std::vector<int>{}).get(), std::vector<int>{});
}
