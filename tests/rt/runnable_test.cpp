// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/runnable.hpp>

#include <gtest/gtest.h>
#include <array>

using heddle::rt::runnable;
using heddle::rt::runnable_queue;

namespace {

struct nothing : runnable {
    nothing() : runnable([](runnable&) noexcept {}) {}
};

struct runnable_queue_test : ::testing::Test {
    void SetUp() override {
        for (auto& r : made) queue.push(r);
    }
    std::array<nothing, 4> made;
    runnable_queue queue;
};

}  // namespace

TEST_F(runnable_queue_test, gives_the_oldest_first) {
    for (auto& r : made) EXPECT_EQ(queue.pop(), &r);
    EXPECT_EQ(queue.pop(), nullptr);
    EXPECT_TRUE(queue.empty());
}

TEST_F(runnable_queue_test, gives_one_from_the_middle_and_keeps_the_order_of_the_others) {
    EXPECT_EQ(queue.pop(1), &made[1]);
    EXPECT_EQ(queue.size(), 3u);
    EXPECT_EQ(queue.pop(1), &made[2]);
    EXPECT_EQ(queue.pop(), &made[0]);
    EXPECT_EQ(queue.pop(), &made[3]);
    EXPECT_TRUE(queue.empty());
}

TEST_F(runnable_queue_test, goes_on_at_the_end_after_the_last_was_taken_from_behind_others) {
    EXPECT_EQ(queue.pop(3), &made[3]);
    queue.push(made[3]);
    for (auto& r : made) EXPECT_EQ(queue.pop(0), &r);
    EXPECT_TRUE(queue.empty());
}

TEST_F(runnable_queue_test, gives_nothing_from_beyond_its_end) {
    EXPECT_EQ(queue.pop(4), nullptr);
    EXPECT_EQ(queue.size(), 4u);
}

TEST_F(runnable_queue_test, counts_those_in_front) {
    EXPECT_EQ(queue.in_front_of(&made[0], 10), 0u);
    EXPECT_EQ(queue.in_front_of(&made[3], 10), 3u);
    EXPECT_EQ(queue.in_front_of(&made[3], 2), 2u);
    EXPECT_EQ(queue.in_front_of(nullptr, 10), 4u);
}
