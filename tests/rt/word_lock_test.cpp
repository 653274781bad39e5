// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/word_lock.hpp>

#include <gtest/gtest.h>
#include <mutex>
#include <thread>
#include <vector>

using heddle::rt::word_lock;

TEST(word_lock, is_one_word) {
    EXPECT_EQ(sizeof(word_lock), 4U);
}

TEST(word_lock, try_lock_fails_while_it_is_held) {
    word_lock lock;
    EXPECT_TRUE(lock.try_lock());
    EXPECT_FALSE(lock.try_lock());
    lock.unlock();
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}

TEST(word_lock, is_lockable_for_the_standard_guards) {
    word_lock a;
    word_lock b;
    {
        std::scoped_lock both(a, b);
        EXPECT_FALSE(a.try_lock());
        EXPECT_FALSE(b.try_lock());
    }
    EXPECT_TRUE(a.try_lock());
    a.unlock();
}

TEST(word_lock, lets_one_thread_in_at_a_time) {
    constexpr int threads = 4;
    constexpr int rounds = 5000;
    word_lock lock;
    int count = 0;  // not atomic: that it adds up is the point
    std::vector<std::thread> group;
    for (int t = 0; t < threads; ++t)
        group.emplace_back([&] {
            for (int i = 0; i < rounds; ++i) {
                std::lock_guard guard(lock);
                ++count;
            }
        });
    for (auto& t : group) t.join();
    EXPECT_EQ(count, threads * rounds);
}

TEST(word_lock, may_be_freed_by_another_thread) {
    word_lock lock;
    lock.lock();
    std::thread([&] { lock.unlock(); }).join();
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}
