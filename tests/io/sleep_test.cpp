// SPDX-License-Identifier: BSL-1.0
#include <heddle/io/sleep.hpp>

#include <gtest/gtest.h>
#include <heddle/io/event_loop.hpp>
#include <new>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using heddle::future;
using heddle::task;
using heddle::rt::clock;
using heddle::rt::deadline;

TEST(async_sleep, lasts_until_its_deadline) {
    const auto when = clock::now() + 3ms;
    const auto main = [&]() -> task<> { co_await heddle::sleep_until(when); };
    heddle::run(main());
    EXPECT_GE(clock::now(), when);
}

TEST(async_sleep, wakes_in_the_order_of_the_deadlines_and_then_of_arrival) {
    std::vector<int> order;
    const auto now = clock::now();
    const auto child = [&](int id, clock::time_point when) -> task<> {
        co_await heddle::sleep_until(when);
        order.push_back(id);
    };
    const auto main = [&]() -> task<> {
        std::vector<future<>> all;
        all.push_back(heddle::spawn(child(3, now + 3ms)));
        all.push_back(heddle::spawn(child(1, now + 1ms)));
        all.push_back(heddle::spawn(child(2, now + 2ms)));
        all.push_back(heddle::spawn(child(4, now + 3ms)));
        for (auto& f : all) co_await f;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST(async_sleep, for_no_time_lets_the_others_run_once) {
    std::string trace;
    const auto child = [&](char name) -> task<> {
        for (int i = 0; i < 3; ++i) {
            trace += name;
            co_await heddle::sleep(i == 1 ? -1h : 0h);
        }
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(child('a'));
        auto b = heddle::spawn(child('b'));
        co_await a;
        co_await b;
    };
    heddle::run(main());
    EXPECT_EQ(trace, "ababab");
}

TEST(async_sleep, is_a_point_of_cancellation) {
    const auto child = []() -> task<> { co_await heddle::sleep_until(deadline::never()); };
    const auto main = [&]() -> task<bool> {
        auto f = heddle::spawn(child());
        co_await heddle::sleep(0s);
        f.request_stop();
        try {
            co_await f;
        } catch (const heddle::cancelled&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(heddle::run(main()));
}

TEST(async_sleep, is_not_ended_by_a_late_unpark_of_what_was_at_its_address_before) {
    // The address of a frame may have been that of a primitive, whose last user unparks it late.
    const auto when = clock::now() + 3ms;
    const auto main = [&]() -> task<> {
        auto sleeping = heddle::sleep_until(when);
        const auto* words = reinterpret_cast<const char*>(&sleeping);
        auto meddler = heddle::spawn([](const char* at) -> task<> {
            for (std::size_t i = 0; i < sizeof sleeping; i += 4) heddle::rt::parking_lot::unpark_all(at + i);
            co_return;
        }(words));
        co_await sleeping;
        EXPECT_TRUE(meddler.done());
        EXPECT_GE(clock::now(), when);
    };
    heddle::run(main());
}

TEST(yield, lets_everything_else_that_is_ready_run_once) {
    std::string trace;
    const auto child = [&](char name) -> task<> {
        for (int i = 0; i < 3; ++i) {
            trace += name;
            co_await heddle::yield();
        }
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(child('a'));
        auto b = heddle::spawn(child('b'));
        auto c = heddle::spawn(child('c'));
        co_await a;
        co_await b;
        co_await c;
    };
    heddle::run(main());
    EXPECT_EQ(trace, "abcabcabc");
}

TEST(yield, is_a_point_of_cancellation) {
    const auto child = []() -> task<> {
        for (;;) co_await heddle::yield();
    };
    const auto main = [&]() -> task<bool> {
        auto f = heddle::spawn(child());
        for (int i = 0; i < 3; ++i) co_await heddle::yield();
        f.request_stop();
        try {
            co_await f;
        } catch (const heddle::cancelled&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(heddle::run(main()));
}

TEST(yield, outside_a_worker_is_an_error) {
    // A coroutine that is resumed by hand.
    struct by_hand {
        struct promise_type {
            by_hand get_return_object() const noexcept { return {}; }
            std::suspend_never initial_suspend() const noexcept { return {}; }
            std::suspend_never final_suspend() const noexcept { return {}; }
            void return_void() const noexcept {}
            void unhandled_exception() const noexcept { std::terminate(); }
        };
    };
    bool thrown = false;
    const auto body = [&]() -> by_hand {
        try {
            co_await heddle::yield();
        } catch (const heddle::invalid_state&) {
            thrown = true;
        }
    };
    body();
    EXPECT_TRUE(thrown);
}
