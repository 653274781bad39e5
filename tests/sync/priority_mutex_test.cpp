// SPDX-License-Identifier: BSL-1.0
// What heddle::priority_mutex promises beyond lock_contract_test.cpp.
#include <heddle/sync/priority_mutex.hpp>

#include <gtest/gtest.h>
#include <heddle/sync/condition.hpp>
#include <mutex>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::lock_priority;
using heddle::priority_mutex;
using heddle::task;
using heddle::detail::urgency;
using heddle::rt::clock;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::until_parked;

namespace {

// So far apart that the time between two arrivals does not make up for it.
constexpr lock_priority low{-1'000'000};
constexpr lock_priority high{1'000'000};

}  // namespace

TEST(priority_mutex, goes_to_the_most_urgent_and_among_equals_to_the_first) {
    priority_mutex m;
    std::vector<int> order;
    const auto waits = [&](int i, lock_priority priority) -> task<> {
        co_await m.async_lock(priority);
        order.push_back(i);
        m.unlock();
    };
    const auto main = [&]() -> task<> {
        co_await m.async_lock();
        std::vector<heddle::future<>> all;
        const std::vector<lock_priority> priorities{low, {}, high, low, {}, high};
        for (int i = 0; i < 6; ++i) {
            all.push_back(heddle::spawn(waits(i, priorities[static_cast<std::size_t>(i)])));
            co_await parked(&m, static_cast<std::size_t>(i + 1));
        }
        m.unlock();
        for (auto& f : all) co_await f;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{2, 5, 1, 4, 0, 3}));
}

TEST(priority_mutex, serves_threads_by_priority) {
    priority_mutex m;
    std::vector<int> order;
    m.lock();
    std::thread a([&] {
        m.lock(low);
        order.push_back(1);
        m.unlock();
    });
    until_parked(&m, 1);
    std::thread b([&] {
        EXPECT_TRUE(m.try_lock_for(1h, high));
        order.push_back(2);
        m.unlock();
    });
    until_parked(&m, 2);
    EXPECT_EQ(m.n_waiting(), 2U);
    m.unlock();
    a.join();
    b.join();
    EXPECT_EQ(order, (std::vector<int>{2, 1}));
}

TEST(priority_mutex, serves_those_who_wait_with_a_limit_by_priority_too) {
    priority_mutex m;
    std::vector<int> order;
    const auto coroutine = [&](int n, lock_priority priority) -> task<> {
        EXPECT_TRUE(co_await m.async_lock(deadline::after(1h), priority));
        order.push_back(n);
        m.unlock();
    };
    const auto main = [&]() -> task<> {
        co_await m.async_lock();
        EXPECT_FALSE(m.try_lock_until(deadline::after(1us), high));
        EXPECT_FALSE(co_await m.async_lock(deadline::after(1us), high));
        const auto first = heddle::spawn(coroutine(1, low));
        co_await parked(&m, 1);
        const auto second = heddle::spawn(coroutine(2, high));
        co_await parked(&m, 2);
        m.unlock();
        co_await first;
        co_await second;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{2, 1}));
}

TEST(priority_mutex, ten_milliseconds_of_waiting_count_as_one_step) {
    const auto now = clock::time_point(1h);
    EXPECT_LT(urgency(now, {1}), urgency(now, {0}));
    EXPECT_LT(urgency(now, {0}), urgency(now, {-1}));
    EXPECT_LT(urgency(now, {0}), urgency(now + 1ns, {0}));
    EXPECT_EQ(urgency(now, {0}), urgency(now + 10ms, {1}));
    EXPECT_LT(urgency(now, {0}), urgency(now + 11ms, {1}));  // has waited for longer than the other is ahead
    EXPECT_LT(urgency(now, {2'147'483'647}), urgency(now, {0}));
    EXPECT_LT(urgency(now, {0}), urgency(now, {-2'147'483'647 - 1}));
}

TEST(priority_mutex, who_waits_at_its_condition_takes_it_back_with_the_priority_it_had) {
    priority_mutex m;
    heddle::condition changed(m);
    std::vector<int> order;
    const auto waits = [&](int i, lock_priority priority) -> task<> {
        co_await m.async_lock(priority);
        co_await changed.async_wait();
        order.push_back(i);
        m.unlock();
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(waits(1, low));
        co_await parked(&changed, 1);
        auto b = heddle::spawn(waits(2, high));
        co_await parked(&changed, 2);
        co_await m.async_lock();
        changed.notify_all();
        m.unlock();
        co_await a;
        co_await b;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{2, 1}));
}

TEST(priority_mutex, the_time_at_its_condition_is_no_waiting_for_it) {
    priority_mutex m;
    heddle::condition changed(m);
    std::vector<int> order;
    const auto notified = [&]() -> task<> {
        co_await m.async_lock();
        co_await changed.async_wait();
        order.push_back(1);
        m.unlock();
    };
    const auto asks = [&]() -> task<> {
        co_await m.async_lock(lock_priority{1});
        order.push_back(2);
        m.unlock();
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(notified());
        co_await parked(&changed, 1);
        co_await heddle::sleep(20ms);  // more than the other is ahead by
        co_await m.async_lock();
        auto b = heddle::spawn(asks());
        co_await parked(&m, 1);
        changed.notify_one();
        m.unlock();
        co_await a;
        co_await b;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{2, 1}));
}

TEST(priority_mutex, who_is_less_urgent_is_served_in_a_stream_of_the_more_urgent_once_he_has_waited) {
    priority_mutex m;
    std::atomic<bool> served{false};
    clock::duration waited{};
    m.lock();
    std::thread meek([&] {
        const auto since = clock::now();
        m.lock();
        waited = clock::now() - since;
        served = true;
        m.unlock();
    });
    until_parked(&m, 1);
    // Each keeps the lock until another of them waits, so there is always one that is three steps ahead.
    std::vector<std::thread> stream;
    for (int i = 0; i < 2; ++i)
        stream.emplace_back([&] {
            while (!served) {
                m.lock(lock_priority{3});
                sync_tests::until([&] { return served || m.n_waiting() >= 2; });
                m.unlock();
            }
        });
    until_parked(&m, 3);
    m.unlock();
    meek.join();
    for (auto& t : stream) t.join();
    EXPECT_GE(waited, 30ms);
}
