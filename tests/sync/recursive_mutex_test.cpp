// SPDX-License-Identifier: BSL-1.0
// What heddle::recursive_mutex promises beyond lock_contract_test.cpp.
#include <heddle/sync/recursive_mutex.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/task_context.hpp>
#include <mutex>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::recursive_mutex;
using heddle::task;
using sync_tests::deadline;
using sync_tests::parked;

TEST(recursive_mutex, is_free_when_it_has_been_unlocked_as_often_as_locked) {
    recursive_mutex m;
    const auto free = [&] {
        bool result = false;
        std::thread([&] {
            result = m.try_lock();
            if (result) m.unlock();
        }).join();
        return result;
    };
    m.lock();
    EXPECT_TRUE(m.try_lock());
    EXPECT_TRUE(m.try_lock_for(1h));
    EXPECT_EQ(m.depth(), 3U);
    m.unlock();
    m.unlock();
    EXPECT_FALSE(free());
    m.unlock();
    EXPECT_TRUE(free());
    EXPECT_EQ(m.depth(), 0U);
}

TEST(recursive_mutex, belongs_to_the_task_and_not_to_the_thread) {
    recursive_mutex m;
    heddle::rt::task_context task;
    std::thread([&] {
        heddle::rt::task_scope scope(&task);
        m.lock();
    }).join();
    EXPECT_FALSE(m.try_lock());
    {
        heddle::rt::task_scope scope(&task);
        EXPECT_TRUE(m.owned());
        m.lock();
        m.unlock();
        m.unlock();
    }
    EXPECT_FALSE(m.locked());
}

TEST(recursive_mutex, tells_coroutines_of_one_loop_apart) {
    recursive_mutex m;
    bool second = false;
    const auto other = [&]() -> task<> {
        EXPECT_FALSE(m.try_lock());
        co_await m.async_lock();
        second = true;
        EXPECT_EQ(m.depth(), 1U);
        m.unlock();
    };
    const auto main = [&]() -> task<> {
        co_await m.async_lock();
        co_await m.async_lock();
        EXPECT_TRUE(co_await m.async_lock(deadline::after(-1s)));
        EXPECT_EQ(m.depth(), 3U);
        auto f = heddle::spawn(other());
        co_await parked(&m, 1);
        m.unlock();
        m.unlock();
        EXPECT_FALSE(second);
        m.unlock();
        EXPECT_FALSE(m.owned());  // handed over
        co_await f;
        EXPECT_TRUE(second);
    };
    heddle::run(main());
}
