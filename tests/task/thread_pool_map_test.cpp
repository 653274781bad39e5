// SPDX-License-Identifier: BSL-1.0
// thread_pool::map(): what it gives, in which order, and for how long it waits.
#include <gtest/gtest.h>
#include <atomic>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/inline_executor.hpp>
#include <heddle/task/thread_pool.hpp>
#include <memory>
#include <ranges>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>
#include "gate.hpp"
#include "rt/waiting.hpp"
#include "unseen.hpp"

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

TEST(thread_pool, EX02_a_map_that_is_not_there_in_time_has_lost_nothing) {
    gate g;
    thread_pool pool(1);
    auto results = pool.map(
        [&](int x) {
            if (x == 2) g.pass();
            return x;
        },
        std::vector<int>{1, 2}, {.until = deadline::after(1ms)});
    EXPECT_FALSE(results.wait());
    EXPECT_THROW(results.get(), heddle::timeout_error);
    g.open();
    pool.shutdown();
    EXPECT_TRUE(results.wait());
    EXPECT_EQ(results.get(), (std::vector<int>{1, 2}));
}

TEST(thread_pool, map_takes_any_range_and_gives_nothing_for_void) {
    thread_pool pool(2);
    std::atomic<int> sum{0};
    const std::set<int> items{1, 2, 3};
    pool.map([&](int x) { sum.fetch_add(x); }, items).get();
    EXPECT_EQ(sum, 6);
    EXPECT_EQ(pool.map([](int x) { return x; }, std::vector<int>{}).get(), std::vector<int>{});
}

namespace {

// A result that is counted as long as it is kept.
using counted = std::shared_ptr<const int>;

}  // namespace

TEST(thread_pool, map_with_a_bound_keeps_no_more_results_than_that) {
    thread_pool pool(2);
    const auto alive = std::make_shared<const int>(1);
    auto results = pool.map([&](int) { return alive; }, std::vector<int>(400), {.in_flight = 3});
    EXPECT_EQ(results.size(), 400U);
    long seen = 0;
    for (const counted& r : results) {
        seen += *r;
        EXPECT_LE(alive.use_count(),
                  1 + 1 + 3 + 2);  // this one, those ahead, and what two tasks hold as they end
    }
    EXPECT_EQ(seen, 400);
}

TEST(thread_pool, map_with_a_bound_takes_items_as_there_is_room_also_from_a_range_without_end) {
    thread_pool pool(2);
    std::atomic<int> taken{0};
    auto squares =
        pool.map([](int x) { return x * x; }, std::views::iota(0) | std::views::transform([&](int x) {
                                                  ++taken;
                                                  return x;
                                              }),
                 {.in_flight = 4});
    EXPECT_EQ(taken, 4);
    EXPECT_EQ(squares.size(), 4U);  // so far
    int expected = 0;
    for (const int x : squares) {
        EXPECT_EQ(x, expected * expected);
        EXPECT_LE(taken, expected + 4);
        if (++expected == 100) break;
    }
}

TEST(thread_pool, map_with_a_bound_reads_what_can_be_read_once_no_further_than_it_must) {
    heddle::inline_executor here;
    std::istringstream text("1 2 3 4 5");
    auto items = std::views::istream<int>(text);
    auto results = here.map([](int x) { return 10 * x; }, items, {.in_flight = 2});
    auto i = results.begin();
    EXPECT_EQ(*i, 10);
    ++i;
    int next = 0;
    text >> next;
    EXPECT_EQ(next, 4);
    EXPECT_EQ(*i, 20);
    EXPECT_EQ(*++i, 30);
    EXPECT_EQ(*++i, 50);
    EXPECT_TRUE(++i == results.end());
}

TEST(thread_pool, map_with_a_bound_copies_a_container_that_it_is_not_given_and_moves_from_one_that_it_is) {
    heddle::inline_executor here;
    std::vector<std::unique_ptr<int>> given;
    for (int i = 0; i < 3; ++i) given.push_back(std::make_unique<int>(i));
    const auto take = [](std::unique_ptr<int> x) { return *x; };
    EXPECT_EQ(here.map(take, std::move(given), {.in_flight = 1}).get(), (std::vector<int>{0, 1, 2}));

    std::vector<int> kept{1, 2, 3};
    auto results = here.map([](int x) { return x; }, kept, {.in_flight = 1});
    kept.clear();
    EXPECT_EQ(std::move(results).get(), (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(here.map([](bool x) { return !x; }, std::vector<bool>{true, false}, {.in_flight = 1}).get(),
              (std::vector<bool>{false, true}));
}

TEST(thread_pool, map_with_a_bound_and_chunks_makes_one_task_of_each_chunk) {
    thread_pool pool(2);
    const auto before = pool.stats().tasks;
    const std::vector<int> items(410, 1);
    EXPECT_EQ(pool.map([](int x) { return x; }, items, {.chunk = 100, .in_flight = 2}).get(), items);
    pool.shutdown();
    EXPECT_EQ(pool.stats().tasks - before, 5U);
}

TEST(thread_pool, map_with_a_bound_goes_on_after_a_failure_in_its_place) {
    thread_pool pool(1);
    auto results = pool.map([](int x) { return 6 / x; }, std::vector<int>{1, 2, 3}, {.in_flight = 1});
    auto failing = pool.map(
        [](int x) {
            if (x == 0) throw std::domain_error("zero");
            return 6 / x;
        },
        std::vector<int>{1, 0, 3}, {.in_flight = 1});
    auto i = failing.begin();
    EXPECT_EQ(*i, 6);
    EXPECT_THROW(*++i, std::domain_error);
    EXPECT_EQ(*++i, 2);
    EXPECT_EQ(std::move(results).get(), (std::vector<int>{6, 3, 2}));
}

TEST(thread_pool, map_with_a_bound_that_is_refused_says_so_as_it_goes_on) {
    thread_pool pool(1);
    auto results = pool.map([](int x) { return x; }, std::vector<int>{1, 2, 3}, {.in_flight = 1});
    pool.shutdown();
    auto i = results.begin();
    EXPECT_EQ(*i, 1);
    EXPECT_THROW(++i, heddle::shutdown_error);
    EXPECT_TRUE(i != results.end());
    EXPECT_THROW(*i, heddle::shutdown_error);
}

TEST(thread_pool, map_ends_with_what_its_range_throws) {
    thread_pool pool(1);
    int asked = 0;
    auto items = std::views::iota(1, 6) | std::views::transform([&](int x) {
                     ++asked;
                     return x == 3 ? throw std::out_of_range("no third") : x;
                 });
    auto results = pool.map([](int x) { return 10 * x; }, items, {.in_flight = 1});
    auto i = results.begin();
    EXPECT_EQ(*i, 10);
    ++i;
    EXPECT_EQ(*i, 20);
    EXPECT_THROW(++i, std::out_of_range);
    const int until_then = asked;
    EXPECT_THROW(*i, std::out_of_range);
    EXPECT_THROW(*i, std::out_of_range);
    EXPECT_EQ(asked, until_then);
}

TEST(thread_pool, map_unordered_is_bounded_too) {
    thread_pool pool(2);
    std::atomic<int> begun{0};
    const auto alive = std::make_shared<const int>(1);
    int taken = 0;
    for (const auto& r : pool.map_unordered(
             [&](int) {
                 ++begun;
                 return alive;
             },
             std::views::iota(0, 300), {.in_flight = 3})) {
        EXPECT_EQ(*r.get(), 1);
        EXPECT_LE(begun, ++taken + 3);
        EXPECT_LE(alive.use_count(), 1 + 1 + 3 + 2);
    }
    EXPECT_EQ(taken, 300);
}

TEST(thread_pool, map_in_chunks_is_withdrawn_item_by_item) {
    const task_tests::unseen reports;
    {
        gate first;
        thread_pool pool(1);
        pool.post([&] { first.pass(); });
        first.entered();
        auto results = pool.map([](int x) { return x; }, std::vector<int>(8), {.chunk = 4});
        pool.shutdown({.wait = false, .cancel_pending = true});
        first.open();
        for (auto i = results.begin(); i != results.end(); ++i) EXPECT_THROW(*i, heddle::cancelled);
    }
    EXPECT_TRUE(reports.list().empty());
}

TEST(thread_pool, an_item_of_a_chunk_can_be_withdrawn_or_asked_to_stop_and_the_others_go_on) {
    gate first;
    thread_pool pool(1);
    pool.post([&] { first.pass(); });
    first.entered();
    const auto f = [](int x) { return heddle::rt::current_task().take_stop() ? -x : x; };
    heddle::detail::map_submitter<thread_pool, decltype(f), int> submitter(pool, f, 4);
    std::vector<heddle::future<int>> all;
    for (int x = 1; x <= 4; ++x) submitter.add(x, all);
    all[1].request_stop();
    EXPECT_TRUE(all[2].cancel());
    first.open();
    EXPECT_EQ(all[0].get(), 1);
    EXPECT_EQ(all[1].get(), -2);
    EXPECT_THROW(all[2].get(), heddle::cancelled);
    EXPECT_EQ(all[3].get(), 4);
}
