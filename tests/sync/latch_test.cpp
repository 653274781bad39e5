// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/latch.hpp>

#include <gtest/gtest.h>
#include <stdexcept>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::latch;
using heddle::task;
using heddle::rt::clock;
using heddle::rt::parking_lot;
using sync_tests::deadline;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

static_assert(sizeof(latch) == 8);

TEST(latch, of_nothing_lets_everybody_pass) {
    latch l(0);
    EXPECT_TRUE(l.try_wait());
    l.wait();
}

TEST(latch, lets_everybody_pass_at_zero_and_nobody_before) {
    latch l(3);
    std::atomic<int> passed{0};
    std::vector<std::thread> group;
    for (int i = 0; i < 3; ++i) group.emplace_back([&] { l.wait(), passed.fetch_add(1); });
    until_parked(&l, 3);
    l.count_down();
    EXPECT_FALSE(l.try_wait());
    EXPECT_EQ(parking_lot::count(&l), 3U);
    l.count_down(2);
    EXPECT_TRUE(l.try_wait());
    for (auto& t : group) t.join();
    EXPECT_EQ(passed.load(), 3);
}

TEST(latch, of_a_negative_number_is_an_error) {
    EXPECT_THROW(latch(-1), std::invalid_argument);
    latch l(1);
    EXPECT_THROW(l.count_down(-1), std::invalid_argument);
    EXPECT_FALSE(l.try_wait());
}

TEST(latch, of_more_than_it_can_count_is_an_error) {
    EXPECT_THROW(heddle::latch(PTRDIFF_MAX), std::invalid_argument);
    heddle::latch l(PTRDIFF_MAX / 4);
    EXPECT_THROW(l.count_down(PTRDIFF_MAX), heddle::invalid_state);
    l.count_down(PTRDIFF_MAX / 4);
    EXPECT_TRUE(l.try_wait());
    l.count_down(0);
    EXPECT_TRUE(l.try_wait());
}

TEST(latch, passes_after_those_who_waited_have_given_up) {
    heddle::latch l(2);
    EXPECT_FALSE(l.wait_for(std::chrono::milliseconds(1)));
    l.count_down();
    EXPECT_FALSE(l.try_wait());
    l.count_down();
    EXPECT_TRUE(l.try_wait());
    EXPECT_THROW(l.count_down(), heddle::invalid_state);
    EXPECT_TRUE(l.try_wait());
}

TEST(latch, below_zero_is_an_error_and_counts_nothing) {
    latch l(2);
    EXPECT_THROW(l.count_down(3), heddle::invalid_state);
    l.count_down(2);
    EXPECT_THROW(l.count_down(), heddle::invalid_state);
    EXPECT_TRUE(l.try_wait());
}

TEST(latch, gives_up_at_its_deadline_and_not_before) {
    latch l(1);
    const auto when = clock::now() + 2ms;
    EXPECT_FALSE(l.wait_until(when));
    EXPECT_GE(clock::now(), when);
    EXPECT_FALSE(l.wait_for(-1s));
    l.count_down();
    EXPECT_TRUE(l.wait_for(-1s));
}

TEST(latch, X2_who_is_asked_to_stop_leaves_what_was_counted) {
    latch l(2);
    stoppable_thread t([&] { EXPECT_THROW(l.arrive_and_wait(), heddle::cancelled); });
    until_parked(&l, 1);
    t.request_stop();
    t.join();
    l.count_down();
    EXPECT_TRUE(l.try_wait());
}

TEST(latch, shows_what_every_arrival_did) {
    latch l(4);
    std::vector<int> data(4);
    std::vector<std::thread> group;
    for (std::size_t i = 0; i < 4; ++i)
        group.emplace_back([&, i] {
            data[i] = 1;
            l.arrive_and_wait();
            EXPECT_EQ(data, (std::vector<int>{1, 1, 1, 1}));
        });
    for (auto& t : group) t.join();
}

TEST(latch, may_be_destroyed_by_one_that_has_passed) {
    for (int i = 0; i < 200; ++i) {
        auto l = std::make_unique<latch>(1);
        std::thread t([raw = l.get()] { raw->count_down(); });
        l->wait();
        l.reset();
        t.join();
    }
}

TEST(latch, gathers_coroutines_and_threads) {
    latch l(3);
    int passed = 0;
    const auto arrives = [&]() -> task<> {
        co_await l.async_arrive_and_wait();
        ++passed;
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(arrives());
        auto b = heddle::spawn(arrives());
        EXPECT_FALSE(co_await l.async_wait(deadline::after(-1s)));
        std::thread t([&] { l.count_down(); });
        co_await l.async_wait();
        EXPECT_TRUE(co_await l.async_wait(deadline::after(-1s)));
        co_await a;
        co_await b;
        t.join();
    };
    heddle::run(main());
    EXPECT_EQ(passed, 2);
}

TEST(latch, async_arrival_below_zero_throws_to_the_coroutine) {
    latch l(1);
    const auto main = [&]() -> task<> {
        co_await l.async_arrive_and_wait();
        co_await l.async_arrive_and_wait();
    };
    EXPECT_THROW(heddle::run(main()), heddle::invalid_state);
}

TEST(latch, X4_destroyed_while_a_task_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto* const l = new latch(1);
            std::thread t([l] { l->wait(); });
            until_parked(l, 1);
            delete l;
        },
        "the latch is destroyed while task '[0-9]+' waits");
}
