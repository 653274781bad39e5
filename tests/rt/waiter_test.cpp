// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/waiter.hpp>

#include <gtest/gtest.h>
#include <vector>

using heddle::rt::wait_outcome;
using heddle::rt::waiter;
using heddle::rt::waiter_kind;
using heddle::rt::waiter_queue;

namespace {

struct outcome_recorder : waiter {
    outcome_recorder() : waiter(waiter_kind::thread, &on_wake) {}
    static void on_wake(waiter& w, wait_outcome o) noexcept { static_cast<outcome_recorder&>(w).outcome = o; }
    wait_outcome outcome = wait_outcome::waiting;
};

std::vector<const waiter*> contents(const waiter_queue& q) {
    std::vector<const waiter*> all;
    for (const waiter* w = q.front(); w != nullptr; w = waiter_queue::next(*w)) all.push_back(w);
    return all;
}

}  // namespace

TEST(waiter_queue, keeps_the_order_of_arrival) {
    waiter_queue q;
    EXPECT_TRUE(q.empty());
    outcome_recorder a, b, c;
    for (auto* w : {&a, &b, &c}) q.push_back(*w);
    EXPECT_EQ(contents(q), (std::vector<const waiter*>{&a, &b, &c}));
}

TEST(waiter_queue, lets_the_first_the_middle_and_the_last_leave) {
    waiter_queue q;
    outcome_recorder a, b, c, d;
    for (auto* w : {&a, &b, &c, &d}) q.push_back(*w);
    q.remove(b);
    EXPECT_EQ(contents(q), (std::vector<const waiter*>{&a, &c, &d}));
    q.remove(d);
    EXPECT_EQ(contents(q), (std::vector<const waiter*>{&a, &c}));
    q.remove(a);
    EXPECT_EQ(contents(q), (std::vector<const waiter*>{&c}));
    q.remove(c);
    EXPECT_TRUE(q.empty());
}

TEST(waiter_queue, takes_one_again_that_has_left) {
    waiter_queue q;
    outcome_recorder a, b;
    q.push_back(a);
    q.push_back(b);
    q.remove(a);
    q.push_back(a);
    EXPECT_EQ(contents(q), (std::vector<const waiter*>{&b, &a}));
}

TEST(waiter, wake_passes_the_outcome_on) {
    outcome_recorder w;
    w.wake(wait_outcome::timed_out);
    EXPECT_EQ(w.outcome, wait_outcome::timed_out);
}

TEST(waiter, has_no_address_before_it_is_aimed) {
    outcome_recorder w;
    EXPECT_EQ(w.address(), nullptr);
    w.aim(&w);
    EXPECT_EQ(w.address(), &w);
}
