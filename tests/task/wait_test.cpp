// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/wait.hpp>

#include <gtest/gtest.h>
#include <malloc.h>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/promise.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using heddle::as_completed;
using heddle::as_completed_for;
using heddle::as_completed_until;
using heddle::future;
using heddle::promise;
using heddle::wait_mode;

namespace {

struct wait_test : ::testing::Test {
    std::vector<promise<int>> promises{3};
    std::vector<future<int>> futures() const {
        std::vector<future<int>> all;
        for (const auto& p : promises) all.push_back(p.get_future());
        return all;
    }
    void fail(std::size_t i) { promises[i].set_exception(std::make_exception_ptr(std::runtime_error("no"))); }
    void TearDown() override {
        for (const auto& f : futures()) f.cancel();
        for (const auto& f : futures())
            if (f.status() == heddle::future_status::finished) f.exception();  // none counts as unseen
    }
};

}  // namespace

TEST_F(wait_test, FU07_all_waits_for_all) {
    std::thread t([&] {
        for (std::size_t i : {2U, 0U, 1U}) promises[i].set_value(static_cast<int>(i));
    });
    const auto r = heddle::wait(futures());
    EXPECT_EQ(r.done, futures());
    EXPECT_TRUE(r.not_done.empty());
    t.join();
}

TEST_F(wait_test, FU07_first_exception_returns_when_one_fails) {
    promises[0].set_value(0);
    std::thread t([&] { fail(2); });
    const auto r = heddle::wait(futures(), wait_mode::first_exception);
    t.join();
    EXPECT_EQ(r.done, (std::vector{futures()[0], futures()[2]}));
    EXPECT_EQ(r.not_done, (std::vector{futures()[1]}));
}

TEST_F(wait_test, FU07_first_exception_returns_when_one_is_cancelled) {
    futures()[1].cancel();
    const auto r = heddle::wait(futures(), wait_mode::first_exception);
    EXPECT_EQ(r.done, (std::vector{futures()[1]}));
    EXPECT_EQ(r.not_done.size(), 2U);
}

TEST_F(wait_test, FU07_first_exception_waits_for_all_if_none_fails) {
    for (auto& p : promises) p.set_value(1);
    EXPECT_TRUE(heddle::wait(futures(), wait_mode::first_exception).not_done.empty());
}

TEST_F(wait_test, FU07_first_completed_returns_at_once_if_one_is_done) {
    promises[1].set_value(1);
    const auto r = heddle::wait(futures(), wait_mode::first_completed);
    EXPECT_EQ(r.done, (std::vector{futures()[1]}));
    EXPECT_EQ(r.not_done, (std::vector{futures()[0], futures()[2]}));
}

TEST_F(wait_test, FU07_first_completed_waits_for_one) {
    std::thread t([&] { promises[2].set_value(1); });
    const auto r = heddle::wait(futures(), wait_mode::first_completed);
    t.join();
    EXPECT_EQ(r.done, (std::vector{futures()[2]}));
}

TEST_F(wait_test, FU07_a_timeout_gives_the_partition_and_does_not_throw) {
    promises[1].set_value(1);
    fail(2);
    const auto r = heddle::wait_for(futures(), 1ms);
    EXPECT_EQ(r.done, (std::vector{futures()[1], futures()[2]}));
    EXPECT_EQ(r.not_done, (std::vector{futures()[0]}));
    EXPECT_EQ(heddle::wait_for(futures(), -1s).not_done.size(), 1U);
}

TEST_F(wait_test, of_nothing_returns_at_once) {
    EXPECT_TRUE(heddle::wait(std::vector<future<int>>{}).done.empty());
}

TEST_F(wait_test, of_the_same_future_twice_waits_for_it_once_and_lists_it_twice) {
    promises[0].set_value(0);
    const auto f = futures()[0];
    EXPECT_EQ(heddle::wait(std::vector{f, f}).done.size(), 2U);
}

TEST_F(wait_test, that_gave_up_leaves_nothing_behind_in_the_future) {
    const auto all = futures();
    heddle::wait_for(all, 0s);
    const auto before = ::mallinfo2().uordblks;
    for (int i = 0; i < 10'000; ++i) heddle::wait_for(all, 0s);
    EXPECT_LT(::mallinfo2().uordblks, before + 100'000);
}

TEST_F(wait_test, that_gave_up_does_not_disturb_the_callbacks_of_others) {
    const auto f = futures()[0];
    std::vector<int> order;
    f.on_done([&](const future<int>&) { order.push_back(1); });
    auto first = std::make_unique<heddle::completed_range<int>>(as_completed(std::vector{f}));
    f.on_done([&](const future<int>&) { order.push_back(2); });
    auto last = std::make_unique<heddle::completed_range<int>>(as_completed(std::vector{f}));
    first.reset();
    last.reset();
    f.on_done([&](const future<int>&) { order.push_back(3); });
    promises[0].set_value(0);
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(wait_test, is_a_point_of_cancellation) {
    heddle::rt::task_context caller;
    heddle::rt::task_scope scope(&caller);
    caller.request_stop();
    EXPECT_THROW(heddle::wait(futures()), heddle::cancelled);
    EXPECT_FALSE(caller.stop_pending());
}

TEST_F(wait_test, as_completed_gives_them_in_the_order_of_completion) {
    auto all = as_completed(futures());
    promises[1].set_value(1);
    promises[2].set_value(2);
    promises[0].set_value(0);
    std::vector<int> order;
    for (const auto& f : all) order.push_back(f.get());
    EXPECT_EQ(order, (std::vector<int>{1, 2, 0}));
}

TEST_F(wait_test, as_completed_waits_for_each) {
    std::thread t([&] {
        for (auto& p : promises) p.set_value(1);
    });
    int n = 0;
    for (const auto& f : as_completed(futures())) n += f.get();
    t.join();
    EXPECT_EQ(n, 3);
}

TEST_F(wait_test, FU05_as_completed_gives_the_same_future_once) {
    promises[0].set_value(5);
    const auto f = futures()[0];
    int n = 0;
    for (const auto& g : as_completed(std::vector{f, f, f})) {
        EXPECT_EQ(g, f);
        ++n;
    }
    EXPECT_EQ(n, 1);
}

TEST_F(wait_test, FU05_the_message_of_a_timeout_counts_what_is_unfinished) {
    promises[0].set_value(0);
    try {
        for (const auto& f : as_completed_for(futures(), 1ms)) EXPECT_EQ(f, futures()[0]);
        ADD_FAILURE() << "it did not time out";
    } catch (const heddle::timeout_error& e) {
        EXPECT_STREQ(e.what(), "2 (of 3) futures unfinished");
    }
}

TEST_F(wait_test, FU06_as_completed_with_no_time_left_still_gives_what_is_finished) {
    promises[0].set_value(0);
    promises[2].set_value(2);
    std::vector<int> seen;
    try {
        for (const auto& f : as_completed_for(futures(), 0s)) seen.push_back(f.get());
        ADD_FAILURE() << "it did not time out";
    } catch (const heddle::timeout_error&) {
    }
    EXPECT_EQ(seen, (std::vector<int>{0, 2}));
}

TEST_F(wait_test, FU06_as_completed_until_a_moment_gives_what_is_finished_by_then) {
    promises[1].set_value(1);
    const auto past = heddle::rt::deadline(heddle::rt::clock::now());
    std::vector<int> seen;
    EXPECT_THROW(
        {
            for (const auto& f : as_completed_until(futures(), past)) seen.push_back(f.get());
        },
        heddle::timeout_error);
    EXPECT_EQ(seen, std::vector<int>{1});
    promises[0].set_value(0);
    promises[2].set_value(2);
    for (const auto& f : as_completed_until(futures(), heddle::rt::deadline::never()))
        seen.push_back(f.get());
    EXPECT_EQ(seen, (std::vector<int>{1, 0, 1, 2}));
}

TEST_F(wait_test, as_completed_of_nothing_is_empty) {
    for (const auto& f : as_completed(std::vector<future<int>>{})) ADD_FAILURE() << f.valid();
}

TEST_F(wait_test, as_completed_may_be_given_up_while_futures_are_unfinished) {
    {
        auto all = as_completed(futures());
        promises[0].set_value(0);
        EXPECT_EQ((*all.begin()).get(), 0);
    }
    promises[1].set_value(1);  // its callback finds a queue that is still there
    EXPECT_EQ(futures()[1].get(), 1);
}

TEST_F(wait_test, refuses_a_future_that_holds_nothing) {
    auto some = futures();
    some.emplace_back();
    EXPECT_THROW(heddle::wait(some), heddle::invalid_state);
    EXPECT_THROW(as_completed(some), heddle::invalid_state);
}
