// SPDX-License-Identifier: BSL-1.0
// What heddle::mutex promises beyond lock_contract_test.cpp.
#include <heddle/sync/mutex.hpp>

#include <gtest/gtest.h>
#include <mutex>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::mutex;
using heddle::task;
using sync_tests::parked;
using sync_tests::until_parked;

static_assert(sizeof(mutex) <= 8);
static constinit mutex at_start;

TEST(mutex, can_be_a_constinit_global) {
    std::lock_guard guard(at_start);
    EXPECT_TRUE(at_start.locked());
}

TEST(mutex, that_a_waiter_left_is_fast_to_unlock_again) {
    mutex m;
    m.lock();
    std::thread([&] { EXPECT_FALSE(m.try_lock_for(1us)); }).join();
    m.unlock();  // finds nobody
    EXPECT_FALSE(m.locked());
    EXPECT_TRUE(m.try_lock());
    m.unlock();
}

TEST(mutex, a_thread_may_overtake_a_thread_that_is_being_woken_but_not_a_coroutine) {
    mutex m;
    m.lock();
    std::atomic<bool> done{false};
    const auto main = [&]() -> task<> {
        co_await m.async_lock();
        done = true;
        m.unlock();
    };
    std::thread t([&] { heddle::run(main()); });
    until_parked(&m, 1);
    m.unlock();
    // The lock was handed over: whether or not the coroutine has run, it has not been overtaken.
    m.lock();
    EXPECT_TRUE(done.load());
    m.unlock();
    t.join();
}

TEST(mutex, that_has_been_fought_over_is_handed_to_a_thread_that_has_waited_for_long) {
    // The owner takes it again at once, for ever: without hand-over the other would depend on luck.
    mutex m;
    std::atomic<bool> served{false};
    m.lock();
    std::thread t([&] {
        std::lock_guard guard(m);
        served = true;
    });
    until_parked(&m, 1);
    while (!served.load()) {
        m.unlock();
        m.lock();
    }
    m.unlock();
    t.join();
}

TEST(mutex, keeps_the_names_of_many_apart) {
    mutex a("a");
    {
        mutex b("b");
    }
    mutex c("c");
    std::lock_guard guard(c);
    EXPECT_TRUE(a.try_lock());
    a.unlock();
}

TEST(mutex, is_not_disturbed_by_an_unpark_that_was_meant_for_another) {
    mutex m;
    m.lock();
    bool locked = false;
    const auto waits = [&]() -> task<> {
        co_await m.async_lock();
        locked = true;
        m.unlock();
    };
    const auto main = [&]() -> task<> {
        auto f = heddle::spawn(waits());
        co_await parked(&m, 1);
        heddle::rt::parking_lot::unpark_all(&m);  // late, by one that had this address before
        co_await sync_tests::settle();
        EXPECT_FALSE(locked);
        EXPECT_EQ(heddle::rt::parking_lot::count(&m), 1U);
        m.unlock();
        co_await f;
    };
    heddle::run(main());
    EXPECT_TRUE(locked);
}
