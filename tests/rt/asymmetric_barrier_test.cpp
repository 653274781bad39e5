// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/asymmetric_barrier.hpp>

#include <gtest/gtest.h>
#include <atomic>
#include <thread>

#include "without_membarrier.hpp"

using heddle::rt::has_heavy_barrier;
using heddle::rt::heavy_barrier;
using heddle::rt::light_barrier;

// Each writes its word and then reads the other's: not both may miss what the other has written.
TEST(asymmetric_barrier, one_of_two_sees_the_other) {
    if (!has_heavy_barrier()) GTEST_SKIP() << "no membarrier(2) here";
    std::atomic<int> often{0};
    std::atomic<int> seldom{0};
    std::atomic<int> seen_by_often{0};
    std::atomic<int> rounds_done{0};
    constexpr int rounds = 5000;
    std::thread other([&] {
        for (int i = 1; i <= rounds; ++i) {
            while (rounds_done.load(std::memory_order_acquire) != i - 1) std::this_thread::yield();
            often.store(i, std::memory_order_relaxed);
            light_barrier();
            seen_by_often.store(seldom.load(std::memory_order_relaxed) == i ? 1 : 0,
                                std::memory_order_relaxed);
            rounds_done.store(-i, std::memory_order_release);
        }
    });
    int missed_by_both = 0;
    for (int i = 1; i <= rounds; ++i) {
        seldom.store(i, std::memory_order_relaxed);
        heavy_barrier();
        const bool seen = often.load(std::memory_order_relaxed) == i;
        while (rounds_done.load(std::memory_order_acquire) != -i) std::this_thread::yield();
        if (!seen && seen_by_often.load(std::memory_order_relaxed) == 0) ++missed_by_both;
        rounds_done.store(i, std::memory_order_release);
    }
    other.join();
    EXPECT_EQ(missed_by_both, 0);
}

TEST(asymmetric_barrier, is_said_to_be_missing_where_it_is_kept_back) {
    if (tests::membarrier_is_kept_back()) {
        EXPECT_FALSE(has_heavy_barrier());
        return;
    }
    const int status =
        tests::run_without_membarrier("asymmetric_barrier.is_said_to_be_missing_where_it_is_kept_back");
    if (status == -1) GTEST_SKIP() << "system calls cannot be filtered here";
    EXPECT_EQ(status, 0);
}
