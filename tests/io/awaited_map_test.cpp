// SPDX-License-Identifier: BSL-1.0
// The results of a map in coroutines. What a map gives belongs to task/; what resumes the coroutine is here.
#include <gtest/gtest.h>
#include <atomic>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/task/inline_executor.hpp>
#include <heddle/task/thread_pool.hpp>
#include <memory>
#include <stdexcept>
#include <vector>

using namespace std::chrono_literals;
using heddle::task;
using heddle::thread_pool;
using heddle::rt::deadline;

TEST(awaited_map, gives_the_results_in_the_order_of_the_items_while_the_loop_goes_on) {
    heddle::event first;
    thread_pool pool(2);
    const std::vector<int> items{0, 1, 2, 3};
    const std::vector<int> squares{0, 1, 4, 9};
    const auto square = [&](int x) {
        if (x == 0) first.wait();
        return x * x;
    };
    const auto main = [&]() -> task<> {
        const auto opens = [&]() -> task<> {
            first.set();
            co_return;
        };
        const auto opening = heddle::spawn(opens());
        EXPECT_EQ(co_await pool.map(square, items).async_get(), squares);
        co_await opening;
    };
    heddle::run(main());
}

TEST(awaited_map, of_nothing_of_void_and_of_what_can_only_be_moved) {
    thread_pool pool(1);
    std::atomic<int> sum{0};
    const std::vector<int> items{1, 2, 3};
    const auto main = [&]() -> task<> {
        co_await pool.map([&](int x) { sum.fetch_add(x); }, items).async_get();
        EXPECT_EQ(sum, 6);
        EXPECT_TRUE((co_await pool.map([](int x) { return x; }, std::vector<int>{}).async_get()).empty());
        auto owned = pool.map([](int x) { return std::make_unique<int>(x); }, items);
        const auto all = co_await owned.async_get();
        EXPECT_EQ(*all[2], 3);
    };
    heddle::run(main());
}

TEST(awaited_map, throws_the_first_error_in_the_order_of_the_items_and_has_taken_nothing) {
    thread_pool pool(1);
    auto results = pool.map(
        [](int x) {
            if (x == 2) throw std::domain_error(std::to_string(x));
            return x;
        },
        std::vector<int>{1, 2, 3});
    const auto main = [&]() -> task<> {
        for (int again = 0; again < 2; ++again) {
            try {
                (void)co_await results.async_get();
                ADD_FAILURE();
            } catch (const std::domain_error& e) {
                EXPECT_STREQ(e.what(), "2");
            }
        }
        EXPECT_TRUE(co_await results.async_wait());
        EXPECT_EQ(*results.begin(), 1);
    };
    heddle::run(main());
}

TEST(awaited_map, EX02_has_the_time_limit_of_the_map_and_can_be_awaited_again) {
    heddle::event go;
    thread_pool pool(1);
    const std::vector<int> items{1, 2};
    auto results = pool.map(
        [&](int x) {
            go.wait();
            return x;
        },
        items, {.until = deadline::after(1ms)});
    const auto main = [&]() -> task<> {
        EXPECT_FALSE(co_await results.async_wait());
        EXPECT_FALSE(results.wait());
        bool late = false;
        try {
            (void)co_await results.async_get();
        } catch (const heddle::timeout_error&) {
            late = true;
        }
        EXPECT_TRUE(late);
        go.set();
        co_await pool.async_shutdown();
        EXPECT_TRUE(co_await results.async_wait());
        EXPECT_TRUE(results.wait());
        EXPECT_EQ(co_await results.async_get(), items);
    };
    heddle::run(main());
}

TEST(awaited_map, that_is_cancelled_has_taken_nothing) {
    heddle::event go;
    thread_pool pool(1);
    auto results = pool.map(
        [&](int x) {
            if (x == 2) go.wait();
            return std::make_unique<int>(x);
        },
        std::vector<int>{1, 2});
    const auto get = [&]() -> task<> { co_await results.async_get(); };
    const auto wait = [&]() -> task<> { co_await results.async_wait(); };
    const auto main = [&]() -> task<> {
        for (const bool waits : {false, true}) {
            const auto w = heddle::spawn(waits ? wait() : get());
            for (int i = 0; i < 3; ++i) co_await heddle::yield();
            w.request_stop();
            co_await w.async_wait();
            EXPECT_THROW(w.get(), heddle::cancelled);
        }
        go.set();
        const auto all = co_await results.async_get();
        EXPECT_EQ(*all[0] + *all[1], 3);
    };
    heddle::run(main());
}

TEST(awaited_map, with_a_bound_takes_what_comes_and_keeps_no_more_ahead_than_that) {
    thread_pool pool(2);
    std::atomic<int> begun{0};
    auto results =
        pool.map([&](int x) { return begun.fetch_add(1) - x; }, std::vector<int>(100), {.in_flight = 3});
    const auto main = [&]() -> task<> {
        EXPECT_TRUE(co_await results.async_wait());  // those that are submitted
        EXPECT_EQ(begun, 3);
        EXPECT_EQ((co_await results.async_get()).size(), 100U);
    };
    heddle::run(main());
}

TEST(awaited_map, with_a_bound_says_so_of_results_that_were_let_go_of) {
    heddle::inline_executor here;
    auto results = here.map([](int x) { return x; }, std::vector<int>{1, 2, 3}, {.in_flight = 1});
    EXPECT_EQ(std::move(results).get(), (std::vector<int>{1, 2, 3}));
    EXPECT_THROW(*results.begin(), heddle::invalid_state);  // NOLINT(bugprone-use-after-move)
}
