// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/timer.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/exception_hook.hpp>
#include <heddle/sync/error.hpp>
#include <heddle/sync/event.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::event;
using heddle::task;
using heddle::timer;
using heddle::rt::clock;
using sync_tests::deadline;

TEST(timer, TM01_fires_once_with_its_arguments_and_not_before_its_time) {
    std::vector<int> got;
    const auto when = clock::now() + 2ms;
    clock::time_point at{};
    timer t(
        deadline(when),
        [&](int a, std::unique_ptr<int> b) {
            at = clock::now();
            got = {a, *b};
        },
        1, std::make_unique<int>(2));
    t.join();
    EXPECT_TRUE(t.fired());
    EXPECT_GE(at, when);
    EXPECT_EQ(got, (std::vector<int>{1, 2}));
    EXPECT_FALSE(t.cancel());
    t.join();
}

TEST(timer, TM01_cancelled_before_its_time_never_runs_and_can_be_joined_at_once) {
    auto alive = std::make_shared<int>();
    timer t(1h, [alive] { ADD_FAILURE(); });
    EXPECT_EQ(alive.use_count(), 2);
    EXPECT_TRUE(t.cancel());
    EXPECT_TRUE(t.cancel());
    t.join();
    EXPECT_FALSE(t.fired());
    EXPECT_EQ(alive.use_count(), 1);  // what it would have called is gone
}

TEST(timer, that_goes_away_is_cancelled) {
    {
        timer t(1h, [] { ADD_FAILURE(); });
    }
    {
        timer t(deadline::never(), [] { ADD_FAILURE(); });
        EXPECT_FALSE(t.join_for(1us));
    }
}

TEST(timer, waits_in_its_destructor_for_the_function_that_runs) {
    event started;
    event finish;
    std::atomic<bool> done{false};
    std::optional<timer> t;
    t.emplace(0s, [&] {
        started.set();
        finish.wait();
        done = true;
    });
    started.wait();
    EXPECT_FALSE(t->cancel());
    EXPECT_FALSE(t->join_for(1us));
    finish.set();
    t.reset();
    EXPECT_TRUE(done.load());
}

TEST(timer, with_a_time_in_the_past_fires_at_once) {
    event fired;
    timer t(-1h, [&] { fired.set(); });
    fired.wait();
}

TEST(timer, joined_by_its_own_function_is_an_error) {
    event ready;
    event tried;
    timer* self = nullptr;
    timer t(0s, [&] {
        ready.wait();
        EXPECT_THROW(self->join(), heddle::deadlock_error);
        tried.set();
    });
    self = &t;
    ready.set();
    tried.wait();
}

TEST(timer, joined_by_the_function_of_another_before_it_has_run_is_an_error) {
    timer later(1h, [] { ADD_FAILURE(); });
    timer done(0s, [] {});
    done.join();
    timer t(0s, [&] {
        EXPECT_THROW(later.join(), heddle::deadlock_error);
        EXPECT_THROW(later.join_for(1h), heddle::deadlock_error);
        EXPECT_FALSE(later.join_for(0s));
        done.join();
    });
    t.join();
    EXPECT_TRUE(later.cancel());
}

TEST(timer, may_be_destroyed_by_its_own_function) {
    event ready;
    event gone;
    auto t = std::make_unique<std::optional<timer>>();
    t->emplace(0s, [&] {
        ready.wait();
        t->reset();
        gone.set();
    });
    ready.set();
    gone.wait();
}

TEST(timer, whose_function_throws_is_reported_and_the_others_go_on) {
    static std::atomic<int> reported{0};
    const auto before =
        heddle::set_exception_hook([](std::exception_ptr, std::string_view) noexcept { ++reported; });
    timer fails(0s, [] { throw std::runtime_error("tick"); });
    fails.join();
    EXPECT_TRUE(fails.fired());
    EXPECT_EQ(reported.load(), 1);
    heddle::set_exception_hook(before);
    timer works(0s, [] {});
    works.join();
}

TEST(timer, is_cancelled_by_assigning_another) {
    event fired;
    timer t(1h, [] { ADD_FAILURE(); });
    t = timer(0s, [&] { fired.set(); });
    fired.wait();
    timer moved = std::move(t);
    moved.join();
    EXPECT_TRUE(moved.fired());
}

TEST(timer, TM01_is_joined_by_a_coroutine_when_it_has_fired_or_is_cancelled) {
    const auto main = []() -> task<> {
        std::vector<int> got;  // by the thread of the timers, before the join
        timer t(1ms, [&](int a, int b) { got = {a, b}; }, 1, 2);
        co_await t.async_join();
        EXPECT_TRUE(t.fired());
        EXPECT_EQ(got, (std::vector{1, 2}));
        EXPECT_FALSE(t.cancel());
        timer withdrawn(1h, [] { ADD_FAILURE(); });
        EXPECT_TRUE(withdrawn.cancel());
        co_await withdrawn.async_join();
        timer never(1h, [] {});
        timer canceller(0s, [&] { never.cancel(); });
        co_await never.async_join();
        EXPECT_TRUE(never.join_until(deadline::after(-1s)));
        EXPECT_FALSE(never.fired());
        timer late(1h, [] {});
        EXPECT_FALSE(late.join_until(deadline::after(1us)));
        EXPECT_FALSE(co_await late.async_join(deadline::after(1us)));
        late.cancel();
        EXPECT_TRUE(co_await late.async_join(deadline::after(-1s)));
    };
    heddle::run(main());
}

TEST(timer, many_fire_in_the_order_of_their_times) {
    std::vector<int> order;  // one thread runs them all
    std::vector<timer> all;
    const auto start = clock::now() + 5ms;
    for (int i = 9; i >= 0; --i)
        all.emplace_back(deadline(start + std::chrono::microseconds(i * 10)),
                         [&order, i] { order.push_back(i); });
    for (auto& t : all) t.join();
    EXPECT_EQ(order.size(), 10U);
}
