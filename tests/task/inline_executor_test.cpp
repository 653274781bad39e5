// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/inline_executor.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/task_context.hpp>
#include <memory>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
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
    EXPECT_EQ(reports.list(),
              (std::vector<std::string>{"a task failed and nobody looked at its future: posted"}));
    e.shutdown();
    EXPECT_THROW(e.post([] {}), heddle::shutdown_error);
}

namespace {

// Counts how often it is copied, and shows that it was moved from.
struct counted {
    explicit counted(int n) : number(n) {}
    counted(const counted& other) : number(other.number), copies(other.copies + 1) {}
    counted(counted&& other) noexcept : number(std::exchange(other.number, -1)), copies(other.copies) {}
    counted& operator=(const counted&) = delete;
    ~counted() = default;
    int number;
    int copies = 0;
};

constexpr auto copies_of = [](const counted& c) { return c.copies; };

}  // namespace

TEST(inline_executor, map_moves_the_items_of_a_container_that_nobody_else_has) {
    inline_executor e;
    std::vector<counted> items;
    for (int i = 0; i < 3; ++i) items.emplace_back(i);
    EXPECT_EQ(e.map(copies_of, std::move(items)).get(), (std::vector<int>{0, 0, 0}));
    std::vector<std::unique_ptr<int>> only_moved;
    for (int i = 0; i < 3; ++i) only_moved.push_back(std::make_unique<int>(i));
    EXPECT_EQ(e.map([](std::unique_ptr<int> p) { return *p; }, std::move(only_moved)).get(),
              (std::vector<int>{0, 1, 2}));
}

TEST(inline_executor, map_leaves_alone_what_somebody_else_has) {
    inline_executor e;
    std::vector<counted> items;
    for (int i = 0; i < 3; ++i) items.emplace_back(i);
    const std::vector<int> once(3, 1);
    EXPECT_EQ(e.map(copies_of, items).get(), once);
    EXPECT_EQ(e.map(copies_of, std::span(items)).get(), once);
    EXPECT_EQ(e.map(copies_of, std::views::all(items)).get(), once);
    EXPECT_EQ(e.map(copies_of, items | std::views::filter([](const counted&) { return true; })).get(), once);
    EXPECT_EQ(e.map(copies_of, items | std::views::take(3)).get(), once);
    EXPECT_EQ(e.map(copies_of, std::as_const(items)).get(), once);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(items[static_cast<std::size_t>(i)].number, i);
}

TEST(inline_executor, map_gives_values_where_the_range_gives_stand_ins) {
    inline_executor e;
    auto results =
        e.map([](auto x) { return std::is_same_v<decltype(x), bool> && x; }, std::vector<bool>{true, false});
    EXPECT_EQ(std::move(results).get(), (std::vector<bool>{true, false}));
    EXPECT_EQ(e.map([](int x) { return x; }, std::views::iota(0, 3)).get(), (std::vector<int>{0, 1, 2}));
}
