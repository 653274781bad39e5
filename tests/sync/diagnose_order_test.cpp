// SPDX-License-Identifier: BSL-1.0
// Lock diagnosis: locks that are taken in different orders, which may end in a deadlock one day.
#include <gtest/gtest.h>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <heddle/sync/thread.hpp>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include "diagnosis.hpp"
#include "threads.hpp"

using namespace std::chrono_literals;
using heddle::lock_finding;
using heddle::lock_problem;
using heddle::mutex;
using heddle::shared_mutex;
using heddle::thread;
using sync_tests::contains;
using sync_tests::diagnosis;
using sync_tests::named;

namespace {

template <class A, class B> void take_both(A& first, B& second) {
    const std::lock_guard one(first);
    const std::lock_guard two(second);
}

}  // namespace

TEST(lock_diagnosis, reports_two_locks_that_are_taken_in_both_orders_though_nothing_happened) {
    const diagnosis d;
    mutex a("a");
    mutex b("b");
    thread(named("first"), [&] { take_both(a, b); }).join();
    EXPECT_EQ(d.count(), 0U);
    thread(named("second"), [&] { take_both(b, a); }).join();
    ASSERT_EQ(d.count(), 1U);
    const lock_finding f = d.found()[0];
    EXPECT_EQ(f.what, lock_problem::order);
    EXPECT_EQ(f.stacks.size(), 4U) << "both places of both tasks";
    const std::string text = f.text();
    EXPECT_TRUE(contains(text, "'second' took mutex 'b' here:")) << text;
    EXPECT_TRUE(contains(text, "and then mutex 'a' here:")) << text;
    EXPECT_TRUE(contains(text, "'first' took mutex 'a' here:")) << text;
    for (const auto& s : f.stacks) EXPECT_FALSE(s.frames.empty());
    take_both(b, a);
    EXPECT_EQ(d.count(), 1U) << "once for each set of locks";
}

TEST(lock_diagnosis, reports_an_order_that_goes_round_through_three_locks_of_different_kinds) {
    const diagnosis d;
    mutex a("a");
    heddle::fair_mutex b("b");
    heddle::priority_mutex c("c");
    take_both(a, b);
    take_both(b, c);
    EXPECT_EQ(d.count(), 0U);
    take_both(c, a);
    ASSERT_EQ(d.count(), 1U);
    EXPECT_EQ(d.found()[0].locks.size(), 3U);
    EXPECT_TRUE(contains(d.found()[0].text(), "fair_mutex 'b'"));
}

TEST(lock_diagnosis, does_not_report_orders_that_another_lock_keeps_apart) {
    const diagnosis d;
    mutex gate("gate");
    mutex a("a");
    mutex b("b");
    {
        const std::lock_guard hold(gate);
        take_both(a, b);
    }
    {
        const std::lock_guard hold(gate);
        take_both(b, a);
    }
    EXPECT_EQ(d.count(), 0U);
    take_both(b, a);  // now also without it: and then a and b may meet the other order
    EXPECT_EQ(d.count(), 1U);
}

TEST(lock_diagnosis, does_not_report_what_only_tries) {
    const diagnosis d;
    mutex a("a");
    mutex b("b");
    take_both(a, b);
    const std::lock_guard hold(b);
    EXPECT_TRUE(a.try_lock());
    a.unlock();
    EXPECT_TRUE(a.try_lock_for(1h));
    a.unlock();
    EXPECT_EQ(d.count(), 0U);
}

TEST(lock_diagnosis, does_not_report_readers_only) {
    const diagnosis d;
    shared_mutex a("a");
    shared_mutex b("b");
    const auto read_both = [](shared_mutex& x, shared_mutex& y) {
        const std::shared_lock one(x);
        const std::shared_lock two(y);
    };
    read_both(a, b);
    read_both(b, a);
    EXPECT_EQ(d.count(), 0U);
    take_both(b, a);  // writes
    EXPECT_EQ(d.count(), 1U);
}

TEST(lock_diagnosis, knows_a_new_lock_at_an_old_address_for_another) {
    const diagnosis d;
    std::optional<mutex> a;
    mutex b("b");
    a.emplace("a");
    take_both(*a, b);
    a.emplace("other");
    take_both(b, *a);
    EXPECT_EQ(d.count(), 0U);
}
