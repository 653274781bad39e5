// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/lifo_queue.hpp>

#include <gtest/gtest.h>

TEST(lifo_queue, QU03_gives_the_newest_first) {
    heddle::lifo_queue<int> q(heddle::unbounded);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(q.put(i));
    for (int i = 99; i >= 50; --i) EXPECT_EQ(*q.get(), i);
    EXPECT_TRUE(q.put(1000));
    EXPECT_EQ(*q.get(), 1000);
    EXPECT_EQ(*q.get(), 49);
}
