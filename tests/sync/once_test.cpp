// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/once.hpp>

#include <gtest/gtest.h>
#include <atomic>
#include <stdexcept>
#include "coroutines.hpp"

using heddle::once;
using heddle::task;
using sync_tests::parked;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

static constinit once made_at_start;

TEST(once, runs_the_first_call_only) {
    once o;
    int ran = 0;
    EXPECT_FALSE(o.done());
    o.call([&](int n) { ran += n; }, 3);
    o.call([&](int n) { ran += n; }, 5);
    EXPECT_TRUE(o.done());
    EXPECT_EQ(ran, 3);
    made_at_start.call([&] { ++ran; });
    EXPECT_EQ(ran, 4);
}

TEST(once, makes_the_others_wait_and_shows_them_what_was_done) {
    once o;
    int data = 0;
    std::vector<std::thread> group;
    o.call([&] {
        for (int i = 0; i < 3; ++i)
            group.emplace_back([&] {
                o.call([&] { ADD_FAILURE(); });
                EXPECT_EQ(data, 42);
            });
        until_parked(&o, 3);
        data = 42;
    });
    for (auto& t : group) t.join();
}

TEST(once, that_failed_is_run_by_the_next_caller) {
    once o;
    EXPECT_THROW(o.call([] { throw std::runtime_error("first"); }), std::runtime_error);
    EXPECT_FALSE(o.done());
    int ran = 0;
    o.call([&] { ++ran; });
    EXPECT_EQ(ran, 1);
}

TEST(once, that_failed_is_run_by_the_first_who_waits_and_the_others_wait_for_that) {
    once o;
    std::atomic<int> ran{0};
    std::vector<std::thread> group;
    EXPECT_THROW(o.call([&] {
        for (int i = 0; i < 3; ++i) group.emplace_back([&] { o.call([&] { ++ran; }); });
        until_parked(&o, 3);
        throw std::runtime_error("first");
    }),
                 std::runtime_error);
    for (auto& t : group) t.join();
    EXPECT_EQ(ran.load(), 1);
    EXPECT_TRUE(o.done());
}

TEST(once, that_is_called_by_its_own_call_is_an_error_and_not_a_deadlock) {
    once o;
    o.call([&] { EXPECT_THROW(o.call([] {}), heddle::deadlock_error); });
    EXPECT_TRUE(o.done());
}

TEST(once, lets_one_who_waits_be_cancelled_and_goes_on) {
    once o;
    o.call([&] {
        stoppable_thread t([&] { EXPECT_THROW(o.call([] {}), heddle::cancelled); });
        until_parked(&o, 1);
        t.request_stop();
    });
    EXPECT_TRUE(o.done());
}

TEST(once, runs_a_coroutine_once_for_all_who_need_it) {
    once o;
    int ran = 0;
    const auto work = [&]() -> task<> {
        co_await heddle::yield();
        ++ran;
    };
    const auto uses = [&]() -> task<> {
        co_await o.async_call(work);
        EXPECT_EQ(ran, 1);
    };
    const auto main = [&]() -> task<> {
        std::vector<heddle::future<>> all;
        for (int i = 0; i < 4; ++i) all.push_back(heddle::spawn(uses()));
        for (auto& f : all) co_await f;
        co_await o.async_call([&] { ++ran; });
    };
    heddle::run(main());
    EXPECT_EQ(ran, 1);
}

TEST(once, passes_arguments_to_an_ordinary_function_in_a_coroutine) {
    once o;
    int sum = 0;
    const auto main = [&]() -> task<> { co_await o.async_call([&](int a, int b) { sum = a + b; }, 1, 2); };
    heddle::run(main());
    EXPECT_EQ(sum, 3);
}

TEST(once, whose_coroutine_failed_or_was_cancelled_is_run_by_the_next) {
    once o;
    int ran = 0;
    const auto fails = [&]() -> task<> {
        co_await parked(&o, 1);
        throw std::runtime_error("first");
    };
    const auto forever = [&]() -> task<> { co_await heddle::sleep_until(heddle::rt::deadline::never()); };
    const auto succeeds = [&]() -> task<> {
        co_await heddle::yield();
        ++ran;
    };
    const auto calls = [&](auto& f) -> task<> { co_await o.async_call(f); };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(calls(fails));
        co_await heddle::yield();
        auto b = heddle::spawn(calls(forever));
        while (!a.done()) co_await heddle::yield();
        EXPECT_THROW(a.get(), std::runtime_error);
        auto c = heddle::spawn(calls(succeeds));
        co_await parked(&o, 1);
        b.request_stop();
        co_await c;
        EXPECT_THROW(b.get(), heddle::cancelled);
    };
    heddle::run(main());
    EXPECT_EQ(ran, 1);
}

TEST(once, X4_destroyed_while_a_task_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto* const o = new once;
            std::atomic<bool> runs{false};
            std::thread first([&] {
                o->call([&] {
                    runs = true;
                    until_parked(o, SIZE_MAX);
                });
            });
            while (!runs) std::this_thread::yield();
            std::thread waits([o] { o->call([] {}); });
            until_parked(o, 1);
            delete o;
        },
        "the once is destroyed while task '[0-9]+' waits");
}
