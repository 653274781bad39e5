// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/event.hpp>

#include <gtest/gtest.h>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::event;
using heddle::event_reset;
using heddle::task;
using heddle::rt::clock;
using heddle::rt::parking_lot;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::settle;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

static_assert(sizeof(event) <= 8);

TEST(event, is_set_or_not_as_it_is_made) {
    EXPECT_FALSE(event().is_set());
    EXPECT_TRUE(event(true).is_set());
    EXPECT_FALSE(event(event_reset::automatic).is_set());
    EXPECT_TRUE(event(event_reset::automatic, true).is_set());
}

TEST(event, that_is_manual_stays_set_until_it_is_cleared) {
    event e;
    e.set();
    e.set();
    e.wait();
    EXPECT_TRUE(e.try_wait());
    EXPECT_TRUE(e.wait_for(-1s));
    e.clear();
    EXPECT_FALSE(e.is_set());
    EXPECT_FALSE(e.try_wait());
}

TEST(event, that_is_automatic_lets_one_through) {
    event e(event_reset::automatic);
    e.set();
    e.set();  // it is set, and stays so
    EXPECT_TRUE(e.try_wait());
    EXPECT_FALSE(e.try_wait());
    EXPECT_FALSE(e.wait_for(-1s));
}

TEST(event, EV01_set_directly_followed_by_clear_frees_everybody_who_waited) {
    event e;
    std::atomic<int> freed{0};
    std::vector<std::thread> group;
    for (int i = 0; i < 5; ++i) group.emplace_back([&] { freed.fetch_add(e.wait_for(1h) ? 1 : 0); });
    until_parked(&e, 5);
    e.set();
    e.clear();
    for (auto& t : group) t.join();
    EXPECT_EQ(freed.load(), 5);
    EXPECT_FALSE(e.wait_for(0s));
}

TEST(event, EV01_AE01_set_and_clear_in_one_step_free_all_coroutines_that_wait) {
    event e;
    int freed = 0;
    const auto waits = [&]() -> task<> {
        co_await e.async_wait();
        ++freed;
    };
    const auto main = [&]() -> task<> {
        std::vector<heddle::future<>> all;
        for (int i = 0; i < 5; ++i) all.push_back(heddle::spawn(waits()));
        co_await parked(&e, 5);
        e.set();
        e.clear();
        for (auto& f : all) co_await f;
        EXPECT_FALSE(co_await e.async_wait(deadline::after(0s)));
    };
    heddle::run(main());
    EXPECT_EQ(freed, 5);
}

TEST(event, that_is_automatic_frees_one_for_each_set_in_order) {
    event e(event_reset::automatic);
    std::vector<int> order;
    const auto waits = [&](int i) -> task<> {
        co_await e.async_wait();
        order.push_back(i);
    };
    const auto main = [&]() -> task<> {
        std::vector<heddle::future<>> all;
        for (int i = 0; i < 3; ++i) {
            all.push_back(heddle::spawn(waits(i)));
            co_await parked(&e, static_cast<std::size_t>(i + 1));
        }
        e.set();
        co_await settle();
        EXPECT_EQ(order, (std::vector<int>{0}));
        EXPECT_FALSE(e.is_set());
        e.set();
        e.set();  // goes to the next, as the one before is not there to be set any more
        for (auto& f : all) co_await f;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
    EXPECT_FALSE(e.is_set());
}

TEST(event, that_is_automatic_gives_the_signal_of_a_cancelled_one_to_the_next) {
    event e(event_reset::automatic);
    std::vector<int> order;
    const auto waits = [&](int i) -> task<> {
        co_await e.async_wait();
        order.push_back(i);
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(waits(0));
        co_await parked(&e, 1);
        auto b = heddle::spawn(waits(1));
        co_await parked(&e, 2);
        a.request_stop();
        e.set();
        co_await b;
        EXPECT_THROW(a.get(), heddle::cancelled);
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{1}));
}

TEST(event, that_is_automatic_is_set_when_those_who_waited_have_left) {
    event e(event_reset::automatic);
    EXPECT_FALSE(e.wait_for(1us));
    e.set();
    EXPECT_TRUE(e.is_set());
    EXPECT_TRUE(e.try_wait());
}

TEST(event, gives_up_at_its_deadline_and_not_before) {
    event e;
    const auto when = clock::now() + 2ms;
    EXPECT_FALSE(e.wait_until(when));
    EXPECT_GE(clock::now(), when);
}

TEST(event, X2_ends_with_cancelled_when_its_task_is_asked_to_stop) {
    event e;
    stoppable_thread t([&] { EXPECT_THROW(e.wait(), heddle::cancelled); });
    until_parked(&e, 1);
    t.request_stop();
    t.join();
    EXPECT_EQ(parking_lot::count(&e), 0U);
}

TEST(event, shows_what_was_done_before_it_was_set) {
    event e;
    int data = 0;  // not atomic
    std::thread t([&] {
        data = 42;
        e.set();
    });
    e.wait();
    EXPECT_EQ(data, 42);
    t.join();
}

TEST(event, may_be_destroyed_by_the_one_it_lets_through) {
    for (int i = 0; i < 200; ++i) {
        auto e = std::make_unique<event>();
        std::thread t([raw = e.get()] { raw->set(); });
        e->wait();
        e.reset();
        t.join();
    }
}

TEST(event, goes_from_a_thread_to_a_coroutine_and_back) {
    event there;
    event back;
    const auto main = [&]() -> task<> {
        co_await there.async_wait();
        back.set();
    };
    std::thread t([&] { heddle::run(main()); });
    until_parked(&there, 1);
    there.set();
    back.wait();
    t.join();
}

TEST(event, X4_destroyed_while_a_task_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto* const e = new event;
            std::thread t([e] { e->wait(); });
            until_parked(e, 1);
            delete e;
        },
        "the event is destroyed while task '[0-9]+' waits");
}
