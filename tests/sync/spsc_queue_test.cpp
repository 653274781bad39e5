// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/spsc_queue.hpp>

#include <gtest/gtest.h>
#include "../rt/without_membarrier.hpp"
#include "queues.hpp"

using namespace std::chrono_literals;
using heddle::spsc_queue;
using heddle::task;
using heddle::rt::clock;
using sync_tests::awkward;
using sync_tests::counted;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::queue_status;
using sync_tests::run_fibers;
using sync_tests::settle;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

TEST(spsc_queue, gives_the_oldest_first_over_many_laps) {
    spsc_queue<int> q(3);
    EXPECT_EQ(q.capacity(), 4U);
    int put = 0;
    int got = 0;
    for (int round = 0; round < 100; ++round) {
        while (q.try_put(put)) ++put;
        EXPECT_EQ(put - got, 4);
        EXPECT_EQ(q.size(), 4U);
        for (int i = 0; i <= round % 4; ++i) EXPECT_EQ(*q.try_get(), got++);
    }
    EXPECT_THROW(spsc_queue<int>(0), std::invalid_argument);
    EXPECT_THROW(spsc_queue<int>{heddle::unbounded}, std::bad_alloc);
}

TEST(spsc_queue, QU01_says_full_and_empty_and_gives_up_at_its_deadline) {
    spsc_queue<std::unique_ptr<int>> q(1);
    EXPECT_EQ(q.try_get().status(), queue_status::empty);
    EXPECT_EQ(q.get_for(1us).status(), queue_status::timed_out);
    EXPECT_EQ(q.get_for(-1h).status(), queue_status::timed_out);
    EXPECT_EQ(q.get_until(clock::now()).status(), queue_status::timed_out);
    EXPECT_TRUE(q.put(std::make_unique<int>(1)));
    auto mine = std::make_unique<int>(2);
    EXPECT_EQ(q.try_put(std::move(mine)).status(), queue_status::full);
    const auto when = clock::now() + 2ms;
    EXPECT_EQ(q.put_until(when, std::move(mine)).status(), queue_status::timed_out);
    EXPECT_GE(clock::now(), when);
    ASSERT_NE(mine, nullptr);  // NOLINT: this is the test
    EXPECT_EQ(**q.get(), 1);
    EXPECT_TRUE(q.put_for(-1h, std::move(mine)));
    EXPECT_EQ(**q.get_for(-1h), 2);
}

TEST(spsc_queue, each_side_waits_for_the_other) {
    spsc_queue<int> q(1);
    std::thread getter([&] { EXPECT_EQ(*q.get(), 5); });
    until_parked(&q, 1);
    EXPECT_TRUE(q.put(5));
    getter.join();
    EXPECT_TRUE(q.put(6));
    std::thread putter([&] { EXPECT_TRUE(q.put(7)); });
    until_parked(&q, 1);
    EXPECT_EQ(*q.get(), 6);
    putter.join();
    EXPECT_EQ(*q.get(), 7);
}

TEST(spsc_queue, joins_fibers) {
    spsc_queue<int> q(2);
    std::vector<int> got;
    run_fibers({[&] {
                    for (int i = 0; i < 20; ++i) got.push_back(*q.get());
                },
                [&] {
                    for (int i = 0; i < 20; ++i) EXPECT_TRUE(q.put(i));
                }});
    for (int i = 0; i < 20; ++i) EXPECT_EQ(got.at(static_cast<std::size_t>(i)), i);
}

TEST(spsc_queue, joins_a_thread_to_a_coroutine) {
    spsc_queue<int> there(2);
    spsc_queue<int> back(2);
    constexpr int rounds = 100;
    const auto main = [&]() -> task<> {
        for (int i = 0; i < rounds; ++i)
            EXPECT_TRUE(co_await back.async_put(*co_await there.async_get() + 1));
        const auto late = co_await there.async_get(deadline::after(1us));
        EXPECT_EQ(late.status(), queue_status::timed_out);
    };
    std::thread t([&] {
        for (int i = 0; i < rounds; ++i) {
            EXPECT_TRUE(there.put(i));
            EXPECT_EQ(*back.get(), i + 1);
        }
    });
    heddle::run(main());
    t.join();
}

TEST(spsc_queue, joins_coroutines_and_keeps_the_item_of_one_that_is_cancelled) {
    spsc_queue<int> q(1);
    const auto getter = [&]() -> task<int> {
        auto got = co_await q.async_get();
        co_return *got;
    };
    const auto main = [&]() -> task<> {
        auto asked = heddle::spawn(getter());
        co_await parked(&q, 1);
        asked.request_stop();
        EXPECT_TRUE(q.try_put(1));
        co_await settle();
        EXPECT_THROW(asked.get(), heddle::cancelled);
        auto next = heddle::spawn(getter());
        EXPECT_EQ(co_await next, 1);
    };
    heddle::run(main());
    EXPECT_EQ(q.size(), 0U);
}

TEST(spsc_queue, X2_who_is_asked_to_stop_gets_cancelled_and_has_put_and_taken_nothing) {
    spsc_queue<int> q(1);
    stoppable_thread getter([&] { EXPECT_THROW((void)q.get(), heddle::cancelled); });
    until_parked(&q, 1);
    getter.request_stop();
    getter.join();
    EXPECT_TRUE(q.put(1));
    stoppable_thread putter([&] { EXPECT_THROW((void)q.put(2), heddle::cancelled); });
    until_parked(&q, 1);
    putter.request_stop();
    putter.join();
    EXPECT_EQ(*q.get(), 1);
    EXPECT_EQ(q.try_get().status(), queue_status::empty);
}

TEST(spsc_queue, QS01_after_shutdown_gets_give_what_is_left_and_then_closed) {
    spsc_queue<int> q(4);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(q.put(i));
    q.shutdown();
    q.shutdown();
    EXPECT_TRUE(q.closed());
    EXPECT_EQ(q.put(3).status(), queue_status::closed);
    EXPECT_EQ(*q.get(), 0);
    EXPECT_EQ(*q.try_get(), 1);
    EXPECT_EQ(q.get().status(), queue_status::closed);
    EXPECT_EQ(q.try_get().status(), queue_status::closed);
}

TEST(spsc_queue, QS03_shutdown_wakes_the_one_who_waits) {
    spsc_queue<int> q(1);
    std::thread getter([&] { EXPECT_EQ(q.get().status(), queue_status::closed); });
    until_parked(&q, 1);
    q.shutdown();
    getter.join();
    spsc_queue<int> full(1);
    EXPECT_TRUE(full.put(1));
    std::thread putter([&] { EXPECT_EQ(full.put(2).status(), queue_status::closed); });
    until_parked(&full, 1);
    full.shutdown();
    putter.join();
    EXPECT_EQ(*full.get(), 1);
}

TEST(spsc_queue, X1_is_as_before_when_making_an_item_throws_and_destroys_what_is_inside) {
    spsc_queue<awkward> q(2);
    const awkward item(2);
    EXPECT_TRUE(q.put(awkward(1)));
    awkward::throws = true;
    EXPECT_THROW((void)q.try_put(item), std::runtime_error);
    EXPECT_EQ(q.get()->value(), 1);
    awkward::throws = false;
    EXPECT_EQ(q.size(), 0U);
    {
        spsc_queue<counted> c(4);
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(c.put(counted(i)));
        EXPECT_EQ(c.get()->value(), 0);
        EXPECT_EQ(counted::alive.load(), 2);
    }
    EXPECT_EQ(counted::alive.load(), 0);
}

TEST(spsc_queue, may_be_destroyed_by_the_one_who_got_the_last_item) {
    for (int i = 0; i < 1000; ++i) {
        auto* const q = new spsc_queue<int>(1);
        std::thread t([q] { EXPECT_TRUE(q->put(1)); });
        while (!q->get_for(1us)) {
        }
        delete q;
        t.join();
    }
}

TEST(spsc_queue, passes_many_items_by_sides_that_now_and_then_wait_for_each_other) {
    for (const std::size_t capacity : {1U, 2U, 64U, 4096U}) {
        const int items = capacity < 64 ? 4'000 : 40'000;
        spsc_queue<int> q(capacity);
        std::thread putter([&] {
            for (int i = 0; i < items; ++i) {
                if (i % 3'000 == 0) std::this_thread::sleep_for(1ms);
                EXPECT_TRUE(q.put(i));
            }
            q.shutdown();
        });
        int expected = 0;
        while (auto got = q.get()) {
            if (expected % 2'200 == 0) std::this_thread::sleep_for(1ms);
            if (*got != expected) break;
            ++expected;
        }
        EXPECT_EQ(expected, items);
        q.shutdown();
        putter.join();
    }
}

// Whoever shuts it down while items are put: those put are got, and no other.
TEST(spsc_queue, QS01_loses_no_item_to_a_shutdown_at_the_same_time) {
    for (int round = 0; round < 300; ++round) {
        spsc_queue<counted> q(8);
        int in = 0;
        int out = 0;
        std::thread putter([&] {
            while (q.put(counted(in))) ++in;
        });
        std::thread ender([&] {
            for (int i = 0; i < round % 5; ++i) std::this_thread::yield();
            q.shutdown();
        });
        while (q.get()) ++out;
        EXPECT_EQ(q.try_get().status(), queue_status::closed);
        putter.join();
        ender.join();
        EXPECT_EQ(in, out);
        EXPECT_EQ(q.size(), 0U);
    }
    EXPECT_EQ(counted::alive.load(), 0);
}

TEST(spsc_queue, does_all_that_without_membarrier_too) {
    if (tests::membarrier_is_kept_back()) return;
    const int status = tests::run_without_membarrier("spsc_queue.*");
    if (status == -1) GTEST_SKIP() << "system calls cannot be filtered here";
    EXPECT_EQ(status, 0);
}

TEST(spsc_queue, X4_destroyed_while_a_task_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto* const q = new spsc_queue<int>(1);
            std::thread t([q] { (void)q->get(); });
            until_parked(q, 1);
            delete q;
        },
        "the queue is destroyed while task '[0-9]+' waits");
}
