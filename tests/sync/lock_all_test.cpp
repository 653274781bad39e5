// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/lock_all.hpp>

#include <gtest/gtest.h>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::lock_all;
using heddle::mutex;
using heddle::task;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

TEST(lock_all, locks_all_and_unlocks_them_at_the_end_of_the_scope) {
    mutex a;
    heddle::fair_mutex b;
    heddle::shared_mutex c;
    {
        const auto locks = lock_all(a, b, c);
        EXPECT_TRUE(locks);
        EXPECT_TRUE(a.locked() && b.locked() && c.locked());
    }
    EXPECT_FALSE(a.locked() || b.locked() || c.locked());
}

TEST(lock_all, counts_the_same_one_twice_once) {
    mutex a;
    mutex b;
    {
        const auto locks = lock_all(a, b, a);
        EXPECT_TRUE(locks);
    }
    EXPECT_FALSE(a.locked() || b.locked());
    {
        const auto locks = lock_all(std::vector{&a, &b, &a, &a});
        EXPECT_TRUE(a.locked() && b.locked());
    }
    EXPECT_FALSE(a.locked() || b.locked());
}

TEST(lock_all, what_it_owns_moves_and_can_be_unlocked_early) {
    mutex a;
    auto first = lock_all(a);
    auto second = std::move(first);
    EXPECT_FALSE(first);
    EXPECT_TRUE(second);
    second.unlock();
    second.unlock();
    EXPECT_FALSE(a.locked());
    second = lock_all(a);
    second = {};
    EXPECT_FALSE(a.locked());
}

TEST(lock_all, that_only_tries_locks_all_or_nothing) {
    mutex a;
    mutex b;
    b.lock();
    EXPECT_FALSE(heddle::try_lock_all(a, b));
    EXPECT_FALSE(a.locked());
    b.unlock();
    EXPECT_TRUE(heddle::try_lock_all(a, b));
    EXPECT_FALSE(a.locked() || b.locked());
}

TEST(lock_all, gives_up_at_its_deadline_with_nothing_locked) {
    mutex a;
    mutex b;
    b.lock();
    EXPECT_FALSE(heddle::lock_all_for(1ms, a, b));
    EXPECT_FALSE(heddle::lock_all_until(deadline::after(-1s), b, a));
    EXPECT_FALSE(heddle::lock_all_until(deadline::after(1us), std::vector{&a, &b}));
    EXPECT_FALSE(a.locked());
    b.unlock();
    EXPECT_TRUE(heddle::lock_all_for(1h, a, b));
}

TEST(lock_all, holds_nothing_while_it_waits) {
    mutex a;
    mutex b;
    b.lock();
    std::thread t([&] { EXPECT_TRUE(lock_all(a, b)); });
    until_parked(&b, 1);
    EXPECT_TRUE(a.try_lock());
    a.unlock();
    b.unlock();
    t.join();
}

TEST(lock_all, X2_that_is_cancelled_has_locked_nothing) {
    mutex a;
    mutex b;
    b.lock();
    stoppable_thread t([&] { EXPECT_THROW((void)heddle::lock_all_for(1h, a, b), heddle::cancelled); });
    until_parked(&b, 1);
    t.request_stop();
    t.join();
    b.unlock();
    EXPECT_TRUE(heddle::try_lock_all(a, b));
}

TEST(lock_all, does_not_deadlock_whatever_the_order) {
    mutex a;
    mutex b;
    mutex c;
    long count = 0;
    std::vector<std::thread> group;
    for (int t = 0; t < 3; ++t)
        group.emplace_back([&, t] {
            for (int i = 0; i < 2000; ++i) {
                const auto locks = t == 0   ? lock_all(a, b, c)
                                   : t == 1 ? lock_all(c, a, b)
                                            : lock_all(b, c, a);
                ++count;
            }
        });
    for (auto& t : group) t.join();
    EXPECT_EQ(count, 6000);
}

TEST(lock_all, is_the_guard_of_a_coroutine) {
    mutex a;
    heddle::recursive_mutex b;
    std::vector<int> order;
    const auto other = [&]() -> task<> {
        const auto locks = co_await heddle::async_lock_all(b, a);
        order.push_back(2);
    };
    const auto main = [&]() -> task<> {
        heddle::future<> f;
        {
            const auto locks = co_await heddle::async_lock_all(a, b);
            EXPECT_TRUE(locks);
            f = heddle::spawn(other());
            co_await parked(&b, 1);
            EXPECT_FALSE(co_await heddle::async_lock_all(deadline::after(1us), a));
            order.push_back(1);
        }
        co_await f;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
    EXPECT_FALSE(a.locked() || b.locked());
}

TEST(lock_all, has_every_form_for_a_vector_too) {
    mutex a;
    mutex b;
    const std::vector both{&a, &b, &a};
    b.lock();
    EXPECT_FALSE(heddle::try_lock_all(both));
    EXPECT_FALSE(heddle::lock_all_for(1us, both));
    EXPECT_FALSE(a.locked());
    const auto main = [&]() -> task<> {
        const auto late = co_await heddle::async_lock_all(deadline::after(1us), both);
        EXPECT_FALSE(late);
        EXPECT_FALSE(a.locked());
        const auto waits = [&]() -> task<> {
            const auto locks = co_await heddle::async_lock_all(both);
            EXPECT_TRUE(locks && a.locked() && b.locked());
        };
        const auto waiting = heddle::spawn(waits());
        co_await parked(&b, 1);
        EXPECT_FALSE(a.locked());
        b.unlock();
        co_await waiting;
    };
    heddle::run(main());
    EXPECT_TRUE(heddle::try_lock_all(both));
    EXPECT_TRUE(heddle::lock_all_for(1h, both));
    EXPECT_FALSE(a.locked() || b.locked());
    EXPECT_TRUE(heddle::try_lock_all(std::vector<mutex*>()));
}

TEST(lock_all, async_that_is_cancelled_has_locked_nothing) {
    mutex a;
    mutex b;
    const auto other = [&]() -> task<> { (void)co_await heddle::async_lock_all(a, b); };
    const auto main = [&]() -> task<> {
        b.lock();
        auto f = heddle::spawn(other());
        co_await parked(&b, 1);
        f.request_stop();
        while (!f.done()) co_await heddle::yield();
        EXPECT_THROW(f.get(), heddle::cancelled);
        b.unlock();
    };
    heddle::run(main());
    EXPECT_TRUE(heddle::try_lock_all(a, b));
}
