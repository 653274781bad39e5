// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/queue.hpp>

#include <gtest/gtest.h>
#include <numeric>
#include <string>
#include "queues.hpp"

using heddle::queue;
using sync_tests::counted;
using sync_tests::queue_status;
using sync_tests::until_parked;

TEST(queue, gives_the_oldest_first) {
    queue<int> q(3);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(q.put(i));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(*q.get(), i);
}

TEST(queue, keeps_the_order_and_its_capacity_over_many_laps_whatever_the_capacity) {
    for (std::size_t capacity : {1U, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 100U}) {
        queue<std::size_t> q(capacity);
        std::size_t put = 0;
        std::size_t got = 0;
        for (std::size_t round = 0; round < 50; ++round) {
            while (q.try_put(put)) ++put;
            EXPECT_EQ(put - got, capacity);
            EXPECT_EQ(q.size(), capacity);
            for (std::size_t i = 0; i <= round % capacity; ++i) EXPECT_EQ(*q.try_get(), got++);
        }
        while (auto item = q.try_get()) EXPECT_EQ(*item, got++);
        EXPECT_EQ(got, put);
        EXPECT_TRUE(q.empty());
    }
}

TEST(queue, an_unbounded_one_keeps_the_order_while_it_grows) {
    queue<int> q(heddle::unbounded);
    int put = 0;
    int got = 0;
    for (int round = 0; round < 200; ++round) {
        for (int i = 0; i < 3 * round; ++i) EXPECT_TRUE(q.try_put(put++));
        for (int i = 0; i < 2 * round; ++i) ASSERT_EQ(*q.try_get(), got++);
        EXPECT_EQ(q.size(), static_cast<std::size_t>(put - got));
    }
    while (auto item = q.try_get()) ASSERT_EQ(*item, got++);
    EXPECT_EQ(got, put);
    for (int i = 0; i < put; ++i) q.task_done();
    EXPECT_TRUE(q.try_join());
    EXPECT_THROW(q.task_done(), heddle::invalid_state);
}

TEST(queue, an_unbounded_one_that_has_grown_can_be_shut_down_and_destroys_what_is_inside) {
    {
        queue<counted> q(heddle::unbounded);
        for (int i = 0; i < 1000; ++i) EXPECT_TRUE(q.put(counted(i)));
        for (int i = 0; i < 10; ++i) EXPECT_EQ(q.get()->value(), i);
        q.shutdown();
        EXPECT_TRUE(q.closed());
        EXPECT_EQ(q.put(counted(1)).status(), queue_status::closed);
        EXPECT_EQ(counted::alive.load(), 990);
    }
    EXPECT_EQ(counted::alive.load(), 0);
}

TEST(queue, of_a_size_that_there_is_no_memory_for_cannot_be_made) {
    EXPECT_THROW(queue<int>(heddle::unbounded - 1), std::bad_alloc);
}

TEST(queue, keeps_items_where_they_are_aligned) {
    struct alignas(256) wide {
        int value;
    };
    queue<wide> q(3);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(q.put(wide{i}));
    for (int i = 0; i < 3; ++i) {
        auto got = q.get();
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&*got) % 256, 0U);
        EXPECT_EQ(got->value, i);
    }
}

TEST(queue, takes_what_an_item_can_be_made_of) {
    queue<std::string> q(2);
    EXPECT_TRUE(q.try_put("made of a literal"));
    const std::string copied = "copied";
    EXPECT_TRUE(q.try_put(copied));
    EXPECT_EQ(*q.get(), "made of a literal");
    EXPECT_EQ(*q.get(), "copied");
    EXPECT_EQ(copied, "copied");
    queue<std::unique_ptr<std::string>> p(1);
    EXPECT_TRUE(p.try_put({}));
    EXPECT_EQ(*p.get(), nullptr);
}

// Whoever knows that nobody needs the queue any more may destroy it, though the one who let him know may not
// have left its function yet.
TEST(queue, may_be_destroyed_by_the_one_who_got_the_last_item) {
    for (int i = 0; i < 1000; ++i) {
        auto* const q = new queue<int>(1);
        std::thread t([q] { EXPECT_TRUE(q->put(1)); });
        EXPECT_TRUE(q->get());
        delete q;
        t.join();
    }
}

TEST(queue, may_be_destroyed_by_the_one_who_joined_it) {
    for (int i = 0; i < 1000; ++i) {
        auto* const q = new queue<int>(1);
        EXPECT_TRUE(q->put(1));
        std::thread t([q] {
            (void)q->get();
            q->task_done();
        });
        q->join();
        delete q;
        t.join();
    }
}

TEST(queue, a_waiter_that_gave_up_does_not_keep_the_queue_from_working) {
    queue<int> q(1);
    EXPECT_FALSE(q.get_for(std::chrono::microseconds(1)));
    EXPECT_TRUE(q.try_put(1));
    EXPECT_FALSE(q.put_for(std::chrono::microseconds(1), 2));
    EXPECT_EQ(*q.try_get(), 1);
    EXPECT_TRUE(q.try_put(3));
    EXPECT_EQ(*q.try_get(), 3);
    std::thread t([&] { EXPECT_EQ(*q.get(), 4); });
    until_parked(&q, 1);
    EXPECT_TRUE(q.put(4));
    t.join();
}
