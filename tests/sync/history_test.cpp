// SPDX-License-Identifier: BSL-1.0
// Queues and channels that several threads use at the same time answer as if they had done one thing after
// the other.
#include "history.hpp"

#include <gtest/gtest.h>

using histories::done;
using histories::gives;
using histories::history;
using histories::linearizable;
using histories::model;

namespace {

model fifo_of(std::size_t capacity) {
    return {gives::first, capacity};
}

TEST(history, of_calls_one_after_the_other_has_to_be_that_of_a_queue) {
    const history in_order{{done::put, 1, 0, 1},
                           {done::put, 2, 2, 3},
                           {done::got, 1, 4, 5},
                           {done::got, 2, 6, 7},
                           {done::said_empty, 0, 8, 9}};
    EXPECT_TRUE(linearizable(in_order, fifo_of(2)));
    EXPECT_FALSE(linearizable(in_order, fifo_of(1)));
    EXPECT_FALSE(linearizable(in_order, model(gives::last, 2)));
    EXPECT_TRUE(linearizable(in_order, model(gives::smallest, 2)));
    EXPECT_TRUE(linearizable({}, fifo_of(1)));
}

TEST(history, of_calls_at_the_same_time_may_be_in_any_order) {
    EXPECT_TRUE(linearizable({{done::got, 1, 0, 3}, {done::put, 1, 1, 2}}, fifo_of(1)));
    EXPECT_TRUE(
        linearizable({{done::put, 1, 0, 3}, {done::put, 2, 1, 2}, {done::got, 2, 4, 5}, {done::got, 1, 6, 7}},
                     fifo_of(2)));
    EXPECT_TRUE(linearizable({{done::put, 1, 0, 1}, {done::put, 2, 2, 5}, {done::got, 1, 3, 4}}, fifo_of(1)));
    EXPECT_TRUE(linearizable({{done::put, 1, 0, 3}, {done::said_empty, 0, 1, 2}}, fifo_of(1)));
}

TEST(history, that_no_queue_could_have_given_is_refused) {
    // Got before it was put.
    EXPECT_FALSE(linearizable({{done::got, 1, 0, 1}, {done::put, 1, 2, 3}}, fifo_of(1)));
    // Got twice.
    EXPECT_FALSE(
        linearizable({{done::put, 1, 0, 1}, {done::got, 1, 2, 4}, {done::got, 1, 3, 5}}, fifo_of(1)));
    // Overtaken: the first put had ended before the second began.
    EXPECT_FALSE(
        linearizable({{done::put, 1, 0, 1}, {done::put, 2, 2, 5}, {done::got, 2, 3, 6}, {done::got, 1, 7, 8}},
                     fifo_of(2)));
    // Empty although the item of a put that had ended was there.
    EXPECT_FALSE(linearizable(
        {{done::put, 1, 0, 5}, {done::put, 2, 1, 2}, {done::said_empty, 0, 3, 4}, {done::got, 1, 6, 7}},
        fifo_of(2)));
    // Full although there was room all the time.
    EXPECT_FALSE(linearizable({{done::put, 1, 0, 1}, {done::said_full, 0, 2, 3}}, fifo_of(2)));
    // More than there is room for.
    EXPECT_FALSE(
        linearizable({{done::put, 1, 0, 1}, {done::put, 2, 2, 3}, {done::got, 1, 4, 5}}, fifo_of(1)));
}

}  // namespace
