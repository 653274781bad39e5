// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/inline_executor.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/task_context.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "unseen.hpp"

using heddle::inline_executor;

static_assert(heddle::executor<inline_executor>);

TEST(inline_executor, runs_the_call_before_submit_returns_and_in_this_thread) {
    inline_executor e;
    std::thread::id ran_on;
    const auto f = e.submit(
        [&](int x) {
            ran_on = std::this_thread::get_id();
            return x + 1;
        },
        1);
    EXPECT_EQ(ran_on, std::this_thread::get_id());
    EXPECT_TRUE(f.done());
    EXPECT_EQ(f.get(), 2);
}

TEST(inline_executor, keeps_what_the_call_throws_in_the_future) {
    inline_executor e;
    const auto f = e.submit([]() -> int { throw std::runtime_error("no"); });
    EXPECT_THROW(f.get(), std::runtime_error);
}

TEST(inline_executor, runs_a_task_under_an_identity_of_its_own) {
    inline_executor e;
    auto* here = &heddle::rt::current_task();
    heddle::rt::task_context* seen = nullptr;
    e.submit([&] { seen = &heddle::rt::current_task(); }).get();
    EXPECT_NE(seen, here);
    EXPECT_EQ(&heddle::rt::current_task(), here);
}

TEST(inline_executor, EX01_map_gives_results_in_order_and_the_error_at_its_place) {
    inline_executor e;
    std::vector<int> ran;
    auto results = e.map(
        [&](int x) {
            ran.push_back(x);
            if (x == 3) throw std::runtime_error("three");
            return x * x;
        },
        std::vector<int>{1, 2, 3, 4});
    EXPECT_EQ(ran, (std::vector<int>{1, 2, 3, 4}));
    std::vector<int> seen;
    try {
        for (const int x : results) seen.push_back(x);
        ADD_FAILURE();
    } catch (const std::runtime_error&) {
    }
    EXPECT_EQ(seen, (std::vector<int>{1, 4}));
}

TEST(inline_executor, EX03_refuses_work_after_shutdown_which_may_be_repeated) {
    inline_executor e;
    e.shutdown();
    e.shutdown();
    EXPECT_THROW(e.submit([] { return 1; }), heddle::shutdown_error);
}

TEST(inline_executor, a_task_may_submit_another) {
    inline_executor e;
    EXPECT_EQ(e.submit([&] { return e.submit([] { return 1; }).get() + 1; }).get(), 2);
}

TEST(inline_executor, takes_what_can_only_be_moved) {
    inline_executor e;
    auto f = e.submit(
        [p = std::make_unique<int>(1)](std::unique_ptr<int> q) {
            *q += *p;
            return q;
        },
        std::make_unique<int>(2));
    EXPECT_EQ(*std::move(f).take(), 3);
}

TEST(inline_executor, posts_work_whose_failure_goes_to_the_hook) {
    const task_tests::unseen reports;
    inline_executor e;
    int ran = 0;
    e.post([&](int by) { ran += by; }, 2);
    EXPECT_EQ(ran, 2);
    e.post([] { throw std::runtime_error("posted"); });
    e.post([] { throw heddle::cancelled(); });  // no failure
    EXPECT_EQ(reports.list(), (std::vector<std::string>{"a task failed and nobody looked at its future: posted"}));
    e.shutdown();
    EXPECT_THROW(e.post([] {}), heddle::shutdown_error);
}
