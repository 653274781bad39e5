// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/priority_queue.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>
#include "queues.hpp"

using heddle::priority_queue;
using sync_tests::queue_status;
using sync_tests::until_parked;

namespace {

struct by_first {
    bool operator()(const std::pair<int, int>& a, const std::pair<int, int>& b) const {
        return a.first < b.first;
    }
};

/// Compares, and throws once it has done so `left` times, unless that is negative.
struct limited_less {
    int* left;
    bool operator()(int a, int b) const {
        if (*left == 0) throw std::runtime_error("cannot compare");
        if (*left > 0) --*left;
        return a < b;
    }
};

}  // namespace

TEST(priority_queue, QU03_gives_the_smallest_first) {
    priority_queue<int> q(heddle::unbounded);
    for (int i : {5, 1, 4, 1, 3}) EXPECT_TRUE(q.put(i));
    for (int i : {1, 1, 3, 4, 5}) EXPECT_EQ(*q.get(), i);
}

TEST(priority_queue, gives_equals_in_the_order_of_putting) {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        priority_queue<std::pair<int, int>, by_first> q(heddle::unbounded);
        std::vector<std::pair<int, int>> expected;
        int number = 0;
        for (int i = 0; i < round; ++i) {
            const std::pair<int, int> next(static_cast<int>(random() % 7), number++);
            EXPECT_TRUE(q.put(next));
            expected.push_back(next);
            if (random() % 3 != 0) continue;
            const auto least = std::min_element(expected.begin(), expected.end());
            EXPECT_EQ(*q.get(), *least);
            expected.erase(least);
        }
        std::sort(expected.begin(), expected.end());
        for (const auto& e : expected) ASSERT_EQ(*q.get(), e);
        EXPECT_TRUE(q.empty());
    }
}

TEST(priority_queue, goes_by_the_comparison_it_is_made_with) {
    priority_queue<int, std::greater<>> q(4);
    for (int i : {2, 3, 1}) EXPECT_TRUE(q.put(i));
    for (int i : {3, 2, 1}) EXPECT_EQ(*q.get(), i);
}

TEST(priority_queue, X1_is_as_before_when_comparing_throws) {
    int left = -1;
    priority_queue<int, limited_less> q(heddle::unbounded, limited_less{&left});
    for (int i = 20; i > 0; --i) EXPECT_TRUE(q.put(i));
    for (int limit = 0; limit < 4; ++limit) {
        left = limit;
        try {
            EXPECT_TRUE(q.put(0));
            left = -1;
            EXPECT_EQ(*q.get(), 0);
        } catch (const std::runtime_error&) {
        }
        left = limit;
        try {
            auto got = q.get();
            left = -1;
            EXPECT_TRUE(q.put(*got));
        } catch (const std::runtime_error&) {
        }
        EXPECT_EQ(q.size(), 20U);
    }
    left = -1;
    for (int i = 1; i <= 20; ++i) EXPECT_EQ(*q.get(), i);
}

// The getter makes room, and puts the item of the one who waits; that the item cannot be compared is not his
// concern.
TEST(priority_queue, X1_who_waits_for_room_is_told_when_comparing_his_item_throws) {
    struct compare {
        bool operator()(int a, int b) const {
            if (a == 13 || b == 13) throw std::runtime_error("cannot compare");
            return a < b;
        }
    };
    priority_queue<int, compare> q(2);
    EXPECT_TRUE(q.put(1));
    EXPECT_TRUE(q.put(2));
    std::thread unlucky([&] { EXPECT_THROW((void)q.put(13), std::runtime_error); });
    until_parked(&q, 1);
    std::thread next([&] { EXPECT_TRUE(q.put(3)); });
    until_parked(&q, 2);
    EXPECT_EQ(*q.get(), 1);
    unlucky.join();
    next.join();
    EXPECT_EQ(*q.get(), 2);
    EXPECT_EQ(*q.get(), 3);
    EXPECT_EQ(q.try_get().status(), queue_status::empty);
}
