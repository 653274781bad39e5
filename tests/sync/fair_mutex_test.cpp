// SPDX-License-Identifier: BSL-1.0
// What heddle::fair_mutex promises beyond lock_contract_test.cpp.
#include <heddle/sync/fair_mutex.hpp>

#include <gtest/gtest.h>
#include <mutex>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::fair_mutex;
using heddle::task;
using sync_tests::parked;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

static_assert(sizeof(fair_mutex) <= 8);

TEST(fair_mutex, serves_threads_and_coroutines_in_the_order_of_asking) {
    fair_mutex m;
    std::vector<int> order;
    std::vector<std::thread> group;
    m.lock();
    for (int i = 0; i < 6; ++i) {
        if (i % 2 == 0) {
            group.emplace_back([&, i] {
                std::lock_guard guard(m);
                order.push_back(i);
            });
        } else {
            group.emplace_back([&, i] {
                const auto main = [&]() -> task<> {
                    co_await m.async_lock();
                    order.push_back(i);
                    m.unlock();
                };
                heddle::run(main());
            });
        }
        until_parked(&m, static_cast<std::size_t>(i + 1));
    }
    EXPECT_EQ(m.n_waiting(), 6U);
    m.unlock();
    for (auto& t : group) t.join();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(m.n_waiting(), 0U);
}

TEST(fair_mutex, is_not_free_for_others_while_it_is_being_handed_over) {
    fair_mutex m;
    const auto waits = [&]() -> task<> {
        co_await m.async_lock();
        m.unlock();
    };
    const auto main = [&]() -> task<> {
        co_await m.async_lock();
        auto f = heddle::spawn(waits());
        co_await parked(&m, 1);
        m.unlock();  // the other has it and has not run yet
        EXPECT_TRUE(m.locked());
        EXPECT_FALSE(m.try_lock());
        co_await f;
        EXPECT_TRUE(m.try_lock());
        m.unlock();
    };
    heddle::run(main());
}

TEST(fair_mutex, who_gives_up_leaves_the_order_of_the_others) {
    fair_mutex m;
    std::vector<int> order;
    m.lock();
    std::thread a([&] {
        const std::lock_guard guard(m);
        order.push_back(0);
    });
    until_parked(&m, 1);
    stoppable_thread gone([&] { EXPECT_THROW(m.try_lock_for(1h), heddle::cancelled); });
    until_parked(&m, 2);
    std::thread c([&] {
        const std::lock_guard guard(m);
        order.push_back(2);
    });
    until_parked(&m, 3);
    gone.request_stop();
    gone.join();
    m.unlock();
    a.join();
    c.join();
    EXPECT_EQ(order, (std::vector<int>{0, 2}));
}
