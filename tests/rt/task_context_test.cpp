// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/task_context.hpp>

#include <gtest/gtest.h>
#include <set>
#include <thread>

using heddle::rt::current_task;
using heddle::rt::current_task_id;
using heddle::rt::task_context;
using heddle::rt::task_scope;

TEST(task_context, has_an_id_of_its_own_and_the_name_it_was_given) {
    std::set<std::uint64_t> ids;
    for (int i = 0; i < 100; ++i) ids.insert(task_context().id());
    EXPECT_EQ(ids.size(), 100U);
    task_context named("reader");
    EXPECT_EQ(named.name(), "reader");
    named.set_name("writer");
    EXPECT_EQ(named.name(), "writer");
    EXPECT_EQ(task_context().name(), "");
}

TEST(task_context, every_thread_is_a_task) {
    auto* here = &current_task();
    EXPECT_EQ(&current_task(), here);
    std::thread([&] { EXPECT_NE(&current_task(), here); }).join();
}

TEST(task_context, its_id_is_found_without_it) {
    EXPECT_EQ(current_task_id(), current_task().id());
    const auto own = current_task_id();
    task_context outer;
    task_context inner;
    {
        task_scope a(&outer);
        EXPECT_EQ(current_task_id(), outer.id());
        {
            task_scope b(&inner);
            EXPECT_EQ(current_task_id(), inner.id());
            {
                task_scope c(nullptr);
                EXPECT_EQ(current_task_id(), own);
            }
            EXPECT_EQ(current_task_id(), inner.id());
        }
        EXPECT_EQ(current_task_id(), outer.id());
    }
    EXPECT_EQ(current_task_id(), own);
    std::thread([&] {
        EXPECT_NE(current_task_id(), own);
        EXPECT_EQ(current_task_id(), current_task().id());
    }).join();
}

TEST(task_context, a_scope_makes_it_current_and_restores_what_was) {
    auto* own = &current_task();
    task_context outer;
    task_context inner;
    {
        task_scope a(&outer);
        EXPECT_EQ(&current_task(), &outer);
        {
            task_scope b(&inner);
            EXPECT_EQ(&current_task(), &inner);
            {
                task_scope c(nullptr);
                EXPECT_EQ(&current_task(), own);
            }
        }
        EXPECT_EQ(&current_task(), &outer);
    }
    EXPECT_EQ(&current_task(), own);
}

TEST(task_context, counts_requests_and_delivers_once) {
    task_context t;
    EXPECT_EQ(t.stop_requests(), 0U);
    EXPECT_FALSE(t.take_stop());
    t.request_stop();
    t.request_stop();
    EXPECT_EQ(t.stop_requests(), 2U);
    EXPECT_TRUE(t.take_stop());
    EXPECT_FALSE(t.take_stop());
    EXPECT_EQ(t.stop_requests(), 2U);  // delivered is not taken back
}

TEST(task_context, a_request_after_a_delivery_is_delivered_too) {
    task_context t;
    t.request_stop();
    EXPECT_TRUE(t.take_stop());
    t.request_stop();
    EXPECT_TRUE(t.take_stop());
}

TEST(task_context, AK02_uncancel_counts_down_to_zero_and_stays_there) {
    task_context t;
    t.request_stop();
    t.request_stop();
    EXPECT_EQ(t.uncancel(), 1U);
    EXPECT_TRUE(t.stop_pending());
    EXPECT_EQ(t.uncancel(), 0U);
    EXPECT_EQ(t.uncancel(), 0U);
    EXPECT_EQ(t.stop_requests(), 0U);
}

TEST(task_context, taking_back_the_last_request_withdraws_what_was_not_delivered) {
    task_context t;
    t.request_stop();
    EXPECT_TRUE(t.stop_pending());
    t.uncancel();
    EXPECT_FALSE(t.stop_pending());
    EXPECT_FALSE(t.take_stop());
}

TEST(task_context, what_a_part_asked_for_is_taken_back_once) {
    task_context t;
    const auto made = t.request_stop_by_part();
    EXPECT_TRUE(t.take_stop());
    t.uncancel();
    t.withdraw_request(made);
    EXPECT_EQ(t.stop_requests(), 0U);
    EXPECT_FALSE(t.stop_pending());
}

TEST(task_context, taking_back_what_a_part_asked_for_leaves_the_requests_of_others) {
    task_context before;
    before.request_stop();
    const auto second = before.request_stop_by_part();
    EXPECT_TRUE(before.take_stop());
    before.uncancel();
    before.withdraw_request(second);
    EXPECT_EQ(before.stop_requests(), 1U);
    EXPECT_TRUE(before.stop_pending());

    task_context since;
    const auto first = since.request_stop_by_part();
    EXPECT_TRUE(since.take_stop());
    since.uncancel();
    since.request_stop();
    since.withdraw_request(first);
    EXPECT_EQ(since.stop_requests(), 1U);
    EXPECT_TRUE(since.stop_pending());
}

TEST(task_context, requests_may_come_from_many_threads) {
    task_context t;
    std::thread a([&] {
        for (int i = 0; i < 1000; ++i) t.request_stop();
    });
    std::thread b([&] {
        for (int i = 0; i < 1000; ++i) t.request_stop();
    });
    a.join();
    b.join();
    EXPECT_EQ(t.stop_requests(), 2000U);
    EXPECT_TRUE(t.take_stop());
}
