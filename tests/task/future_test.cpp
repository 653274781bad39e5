// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/future.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/promise.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "rt/waiting.hpp"
#include "unseen.hpp"

using namespace std::chrono_literals;
using heddle::future;
using heddle::future_status;
using heddle::promise;
using heddle::rt::task_context;
using heddle::rt::task_scope;
using task_tests::unseen;

namespace {

std::exception_ptr oops(const char* what = "oops") {
    return std::make_exception_ptr(std::runtime_error(what));
}

const void* address_of(const future<int>& f) {
    return heddle::detail::future_access::state(f)->address();
}

}  // namespace

TEST(future, that_holds_nothing_is_not_valid) {
    EXPECT_FALSE(future<int>().valid());
    EXPECT_TRUE(promise<int>().get_future().valid());
}

TEST(future, every_call_on_one_that_holds_nothing_says_so) {
    promise<int> p;
    p.set_value(1);
    future<int> moved = p.get_future();
    const future<int> there = std::move(moved);
    future<int> taken = p.get_future();
    EXPECT_EQ(std::move(taken).take(), 1);
    // NOLINTBEGIN(bugprone-use-after-move)
    for (const future<int>* f : {&moved, &taken}) {
        EXPECT_FALSE(f->valid());
        EXPECT_EQ(*f, future<int>());
        EXPECT_THROW((void)f->status(), heddle::invalid_state);
        EXPECT_THROW((void)f->done(), heddle::invalid_state);
        EXPECT_THROW(f->get(), heddle::invalid_state);
        EXPECT_THROW(f->get_for(0s), heddle::invalid_state);
        EXPECT_THROW(f->get_until(heddle::rt::deadline::never()), heddle::invalid_state);
        EXPECT_THROW(f->wait(), heddle::invalid_state);
        EXPECT_THROW(f->wait_for(0s), heddle::invalid_state);
        EXPECT_THROW(f->wait_until(heddle::rt::deadline::never()), heddle::invalid_state);
        EXPECT_THROW(f->exception(), heddle::invalid_state);
        EXPECT_THROW(f->exception_for(0s), heddle::invalid_state);
        EXPECT_THROW((void)f->async_exception(), heddle::invalid_state);
        EXPECT_THROW(f->cancel(), heddle::invalid_state);
        EXPECT_THROW(f->request_stop(), heddle::invalid_state);
        EXPECT_THROW(f->on_done([](const future<int>&) {}), heddle::invalid_state);
        EXPECT_THROW((void)f->operator co_await(), heddle::invalid_state);
        EXPECT_THROW((void)f->async_get(), heddle::invalid_state);
        EXPECT_THROW((void)f->async_wait(), heddle::invalid_state);
    }
    EXPECT_THROW((void)std::move(moved).operator co_await(), heddle::invalid_state);
    EXPECT_THROW(std::move(moved).take(), heddle::invalid_state);
    try {
        future<>().get();
        ADD_FAILURE();
    } catch (const heddle::invalid_state& e) {
        EXPECT_STREQ(e.what(),
                     "this future holds nothing: it was made empty, or moved from, or its content was taken");
    }
    // NOLINTEND(bugprone-use-after-move)
}

TEST(future, FU01_that_runs_cannot_be_cancelled) {
    promise<int> p;
    auto f = p.get_future();
    EXPECT_EQ(f.status(), future_status::pending);
    EXPECT_TRUE(p.set_running());
    EXPECT_EQ(f.status(), future_status::running);
    EXPECT_FALSE(f.cancel());
    EXPECT_FALSE(f.done());
    p.set_value(1);
    EXPECT_EQ(f.status(), future_status::finished);
    EXPECT_FALSE(f.cancel());
}

TEST(future, FU01_cannot_be_set_twice) {
    promise<int> p;
    auto f = p.get_future();
    p.set_value(1);
    EXPECT_THROW(p.set_value(2), heddle::invalid_state);
    EXPECT_THROW(p.set_exception(oops()), heddle::invalid_state);
    EXPECT_THROW(p.set_running(), heddle::invalid_state);
    EXPECT_EQ(f.get(), 1);
}

TEST(future, FU01_cannot_be_set_running_twice) {
    promise<int> p;
    EXPECT_TRUE(p.set_running());
    EXPECT_THROW(p.set_running(), heddle::invalid_state);
    p.set_value(1);
}

TEST(future, FU01_can_be_read_many_times_by_many_handles) {
    promise<std::string> p;
    const auto f = p.get_future();
    const auto g = f;
    p.set_value("same");
    EXPECT_EQ(f.get(), "same");
    EXPECT_EQ(f.get(), "same");
    EXPECT_EQ(&g.get(), &f.get());
    EXPECT_EQ(f, g);
}

TEST(future, FU02_cancel_withdraws_and_may_be_repeated) {
    promise<int> p;
    auto f = p.get_future();
    EXPECT_TRUE(f.cancel());
    EXPECT_TRUE(f.cancel());
    EXPECT_EQ(f.status(), future_status::cancelled);
    EXPECT_TRUE(f.done());
    EXPECT_THROW(f.get(), heddle::cancelled);
    EXPECT_THROW(f.exception(), heddle::cancelled);
    EXPECT_THROW(std::move(f).take(), heddle::cancelled);
}

TEST(future, FU02_that_is_cancelled_cannot_be_started_nor_set) {
    promise<int> p;
    p.get_future().cancel();
    EXPECT_FALSE(p.set_running());
    EXPECT_THROW(p.set_value(1), heddle::invalid_state);
    EXPECT_THROW(p.set_exception(oops()), heddle::invalid_state);
}

TEST(future, FU03_callbacks_run_in_the_order_of_registration) {
    promise<int> p;
    auto f = p.get_future();
    std::vector<int> order;
    for (int i = 0; i < 3; ++i)
        f.on_done([&order, i](const future<int>& g) { order.push_back(10 * i + g.get()); });
    EXPECT_TRUE(order.empty());
    p.set_value(1);
    EXPECT_EQ(order, (std::vector<int>{1, 11, 21}));
}

TEST(future, FU03_a_callback_that_throws_is_reported_and_does_not_stop_the_next) {
    const unseen reports;
    promise<> p;
    auto f = p.get_future();
    bool second = false;
    f.on_done([](const future<>&) { throw std::runtime_error("first"); });
    f.on_done([&](const future<>&) { second = true; });
    p.set_value();
    EXPECT_TRUE(second);
    f.on_done([](const future<>&) { throw std::runtime_error("late"); });
    EXPECT_EQ(reports.list(), (std::vector<std::string>{"a callback of a future threw: first",
                                                        "a callback of a future threw: late"}));
}

TEST(future, FU03_a_callback_registered_after_completion_runs_at_once) {
    promise<int> p;
    p.set_value(7);
    int seen = 0;
    p.get_future().on_done([&](const future<int>& f) { seen = f.get(); });
    EXPECT_EQ(seen, 7);
}

TEST(future, FU03_callbacks_run_in_the_thread_that_completes) {
    promise<int> p;
    std::thread::id ran_on;
    p.get_future().on_done([&](const future<int>&) { ran_on = std::this_thread::get_id(); });
    std::thread t([&] { p.set_value(1); });
    const auto completer = t.get_id();
    t.join();
    EXPECT_EQ(ran_on, completer);
}

TEST(future, FU03_callbacks_run_when_it_is_cancelled) {
    promise<int> p;
    auto f = p.get_future();
    future_status seen{};
    f.on_done([&](const future<int>& g) { seen = g.status(); });
    f.cancel();
    EXPECT_EQ(seen, future_status::cancelled);
}

TEST(future, a_callback_may_register_another_and_drop_the_last_handles) {
    auto p = std::make_unique<promise<int>>();
    std::vector<int> order;
    p->get_future().on_done([&](const future<int>& f) {
        order.push_back(1);
        f.on_done([&](const future<int>&) { order.push_back(2); });
        p.reset();  // it is in the middle of set_value()
    });
    p->get_future().on_done([&](const future<int>&) { order.push_back(3); });
    p->set_value(1);
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(future, a_callback_may_hold_what_can_only_be_moved) {
    promise<> p;
    int seen = 0;
    p.get_future().on_done([&seen, v = std::make_unique<int>(3)](const future<>&) { seen = *v; });
    p.set_value();
    EXPECT_EQ(seen, 3);
}

TEST(future, FU04_a_timed_out_get_throws_and_changes_nothing) {
    promise<int> p;
    auto f = p.get_future();
    EXPECT_THROW(f.get_for(1ms), heddle::timeout_error);
    EXPECT_THROW(f.get_for(-1s), heddle::timeout_error);
    EXPECT_THROW(f.get_until(heddle::rt::deadline::after(0s)), heddle::timeout_error);
    EXPECT_THROW(f.exception_for(1ms), heddle::timeout_error);
    EXPECT_THROW(f.exception_until(heddle::rt::deadline::after(-1s)), heddle::timeout_error);
    EXPECT_FALSE(f.wait_for(1ms));
    EXPECT_FALSE(f.wait_until(heddle::rt::deadline::after(-1s)));
    EXPECT_EQ(f.status(), future_status::pending);
    p.set_value(4);
    EXPECT_TRUE(f.wait_for(-1s));
    EXPECT_EQ(f.get_for(0s), 4);
    EXPECT_EQ(f.exception_for(-1s), nullptr);
}

TEST(future, get_blocks_until_the_value_is_there) {
    promise<int> p;
    auto f = p.get_future();
    std::thread t([&] {
        waiting::until_parked(address_of(f), 1);
        p.set_value(5);
    });
    EXPECT_EQ(f.get(), 5);
    t.join();
}

TEST(future, wakes_everyone_who_waits) {
    promise<int> p;
    auto f = p.get_future();
    std::vector<std::thread> group;
    for (int i = 0; i < 3; ++i) group.emplace_back([f] { EXPECT_EQ(f.get(), 6); });
    waiting::until_parked(address_of(f), 3);
    p.set_value(6);
    for (auto& t : group) t.join();
}

TEST(future, wakes_who_waits_when_it_is_cancelled) {
    promise<int> p;
    auto f = p.get_future();
    std::thread t([&] { EXPECT_THROW(f.get(), heddle::cancelled); });
    waiting::until_parked(address_of(f), 1);
    f.cancel();
    t.join();
}

TEST(future, get_is_a_point_of_cancellation_of_the_caller_and_loses_nothing) {
    promise<int> p;
    auto f = p.get_future();
    task_context caller;
    std::thread t([&] {
        task_scope scope(&caller);
        EXPECT_THROW(f.get(), heddle::cancelled);
        EXPECT_THROW((caller.request_stop(), std::move(f).take()), heddle::cancelled);
        EXPECT_TRUE(f.valid());
        p.set_value(1);
        EXPECT_EQ(f.get(), 1);
    });
    waiting::until_parked(address_of(f), 1);
    caller.request_stop();
    t.join();
}

TEST(future, that_is_done_gives_its_value_although_the_caller_is_asked_to_stop) {
    promise<int> p;
    p.set_value(1);
    task_context caller;
    task_scope scope(&caller);
    caller.request_stop();
    EXPECT_EQ(p.get_future().get(), 1);
    EXPECT_TRUE(caller.stop_pending());
}

TEST(future, take_moves_the_value_out) {
    promise<std::unique_ptr<int>> p;
    auto f = p.get_future();
    p.set_value(std::make_unique<int>(8));
    EXPECT_EQ(*std::move(f).take(), 8);
    EXPECT_FALSE(f.valid());
}

TEST(future, get_of_a_temporary_moves_the_value_out) {
    promise<std::unique_ptr<int>> p;
    p.set_value(std::make_unique<int>(9));
    EXPECT_EQ(*p.get_future().get(), 9);
}

TEST(future, rethrows_what_was_thrown_each_time) {
    promise<int> p;
    auto f = p.get_future();
    p.set_exception(oops("bad"));
    for (int i = 0; i < 2; ++i) {
        try {
            f.get();
            FAIL();
        } catch (const std::runtime_error& e) {
            EXPECT_STREQ(e.what(), "bad");
        }
    }
    EXPECT_NE(f.exception(), nullptr);
}

TEST(future, exception_is_null_when_there_is_a_value) {
    promise<> p;
    p.set_value();
    EXPECT_EQ(p.get_future().exception(), nullptr);
}

TEST(future, an_exception_that_nobody_looked_at_is_reported_once) {
    const unseen reports;
    {
        promise<int> p;
        auto f = p.get_future();
        auto g = f;
        p.set_exception(oops("lost"));
        EXPECT_TRUE(f.done());
    }
    EXPECT_EQ(reports.list(),
              (std::vector<std::string>{"a task failed and nobody looked at its future: lost"}));
}

TEST(future, an_exception_that_somebody_looked_at_is_not_reported) {
    const unseen reports;
    {
        promise<int> p;
        p.set_exception(oops());
        EXPECT_THROW(p.get_future().get(), std::runtime_error);
    }
    {
        promise<int> p;
        p.set_exception(oops());
        EXPECT_NE(p.get_future().exception(), nullptr);
    }
    {
        promise<int> p;
        p.set_exception(std::make_exception_ptr(heddle::cancelled()));  // to stop when asked is no failure
    }
    {
        promise<int> p;
        p.get_future().cancel();
    }
    EXPECT_TRUE(reports.list().empty());
}

TEST(future, destroys_its_value_with_the_last_handle) {
    auto value = std::make_shared<int>(1);
    {
        future<std::shared_ptr<int>> f;
        {
            promise<std::shared_ptr<int>> p;
            f = p.get_future();
            p.set_value(value);
        }
        EXPECT_EQ(value.use_count(), 2);
    }
    EXPECT_EQ(value.use_count(), 1);
}

TEST(future, many_callbacks_on_one_future_do_not_need_a_deep_stack) {
    promise<> p;
    auto f = p.get_future();
    int count = 0;
    for (int i = 0; i < 300'000; ++i) f.on_done([&](const future<>&) { ++count; });
    p.set_value();
    EXPECT_EQ(count, 300'000);
}
