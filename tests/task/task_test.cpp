// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/task.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/coroutine.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>
#include "rt/waiting.hpp"

using heddle::task;
using waiting::strand;

namespace {

// Runs a task that never really waits, and gives its result.
template <class T> T finish(task<T> t) {
    std::optional<T> result;
    std::exception_ptr error;
    struct lazy {
        struct promise_type {
            lazy get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
            std::suspend_always initial_suspend() const noexcept { return {}; }
            std::suspend_never final_suspend() const noexcept { return {}; }
            void return_void() const noexcept {}
            void unhandled_exception() const noexcept { std::terminate(); }
        };
        std::coroutine_handle<> handle;
    };
    const auto drive = [](task<T>& inner, std::optional<T>& r, std::exception_ptr& e) -> lazy {
        try {
            r.emplace(co_await std::move(inner));
        } catch (...) {
            e = std::current_exception();
        }
    };
    heddle::rt::resume(drive(t, result, error).handle);
    if (error) std::rethrow_exception(error);
    return std::move(*result);
}

task<int> number(int n) {
    co_return n;
}

task<int> failing() {
    throw std::runtime_error("inside");
    co_return 0;
}

task<int> chain(int depth) {
    if (depth == 0) co_return 0;
    co_return 1 + co_await chain(depth - 1);
}

task<int> chain_that_throws(int depth) {
    if (depth == 0) throw std::runtime_error("deep");
    co_return 1 + co_await chain_that_throws(depth - 1);
}

}  // namespace

TEST(task, does_not_run_before_it_is_awaited) {
    bool ran = false;
    const auto body = [&]() -> task<int> {
        ran = true;
        co_return 1;
    };
    auto t = body();
    EXPECT_TRUE(t.valid());
    EXPECT_FALSE(ran);
    EXPECT_EQ(finish(std::move(t)), 1);
    EXPECT_TRUE(ran);
}

TEST(task, that_is_never_awaited_never_runs_and_frees_its_parameters) {
    auto held = std::make_shared<int>(1);
    bool ran = false;
    {
        const auto body = [&ran](std::shared_ptr<int>) -> task<> {
            ran = true;
            co_return;
        };
        const auto t = body(held);
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_FALSE(ran);
    EXPECT_EQ(held.use_count(), 1);
}

TEST(task, gives_its_value_to_whoever_awaits_it) {
    const auto outer = []() -> task<int> { co_return co_await number(20) + co_await number(22); };
    EXPECT_EQ(finish(outer()), 42);
}

TEST(task, throws_what_was_thrown_where_it_is_awaited) {
    const auto outer = []() -> task<std::string> {
        try {
            co_await failing();
        } catch (const std::runtime_error& e) {
            co_return e.what();
        }
        co_return "nothing";
    };
    EXPECT_EQ(finish(outer()), "inside");
    EXPECT_THROW(finish(failing()), std::runtime_error);
}

TEST(task, gives_values_that_can_only_be_moved) {
    const auto body = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
    EXPECT_EQ(*finish(body()), 4);
}

TEST(task, can_be_moved_before_it_is_awaited) {
    auto a = number(1);
    task<int> b(std::move(a));
    EXPECT_FALSE(a.valid());
    auto c = number(2);
    c = std::move(b);
    EXPECT_EQ(finish(std::move(c)), 1);
    EXPECT_FALSE(task<int>().valid());
}

TEST(task, its_frame_is_gone_when_the_await_is_over) {
    auto held = std::make_shared<int>(5);
    const auto inner = [](std::shared_ptr<int> p) -> task<int> { co_return *p; };
    const auto outer = [&]() -> task<long> {
        const int value = co_await inner(held);
        EXPECT_EQ(value, 5);
        co_return held.use_count();
    };
    EXPECT_EQ(finish(outer()), 1);
}

TEST(task, destroys_its_locals_when_it_throws) {
    auto held = std::make_shared<int>(5);
    const auto body = [](std::shared_ptr<int> p) -> task<int> {
        const auto local = p;
        throw std::runtime_error("out");
        co_return 1;
    };
    EXPECT_THROW(finish(body(held)), std::runtime_error);
    EXPECT_EQ(held.use_count(), 1);
}

TEST(task, a_chain_of_a_million_awaits_does_not_grow_the_stack) {
    EXPECT_EQ(finish(chain(1'000'000)), 1'000'000);
}

TEST(task, an_exception_through_a_deep_chain_does_not_grow_the_stack) {
    EXPECT_THROW(finish(chain_that_throws(100'000)), std::runtime_error);
}

TEST(task, a_loop_of_a_million_ready_awaits_does_not_grow_the_stack) {
    const auto loop = []() -> task<int> {
        int sum = 0;
        for (int i = 0; i < 1'000'000; ++i) sum += co_await number(1);
        co_return sum;
    };
    EXPECT_EQ(finish(loop()), 1'000'000);
}

TEST(task, many_that_are_never_awaited_are_destroyed_in_a_container) {
    std::vector<task<int>> all;
    for (int i = 0; i < 100; ++i) all.push_back(number(i));
    all.erase(all.begin(), all.begin() + 50);
    EXPECT_EQ(finish(std::move(all.front())), 50);
}
