// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/then.hpp>

#include <gtest/gtest.h>
#include <functional>
#include <heddle/task/inline_executor.hpp>
#include <heddle/task/thread_pool.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "gate.hpp"
#include "rt/waiting.hpp"
#include "unseen.hpp"

using namespace std::chrono_literals;
using heddle::future;
using heddle::future_status;
using heddle::promise;
using heddle::thread_pool;

TEST(then, is_called_on_the_executor_with_the_future_that_is_done) {
    thread_pool pool(1);
    promise<int> p;
    auto text = p.get_future().then(pool, [&pool](const future<int>& f) {
        EXPECT_EQ(thread_pool::current(), &pool);
        return std::to_string(f.get());
    });
    EXPECT_FALSE(text.wait_for(1ms));
    p.set_value(42);
    EXPECT_EQ(text.get(), "42");
}

TEST(then, of_one_that_is_done_is_queued_at_once) {
    thread_pool pool(1);
    auto first = pool.submit([] { return 1; });
    first.wait();
    EXPECT_EQ(first.then(pool, [](future<int> f) { return f.get() + 1; }).get(), 2);
}

TEST(then, is_called_whatever_became_of_the_first) {
    heddle::inline_executor here;
    promise<> failing;
    auto a = failing.get_future().then(here, [](const future<>& f) { return f.exception() != nullptr; });
    failing.set_exception(std::make_exception_ptr(std::runtime_error("no")));
    EXPECT_TRUE(a.get());

    promise<> withdrawn;
    auto b = withdrawn.get_future().then(here, [](const future<>& f) { return f.status(); });
    withdrawn.cancel();
    EXPECT_EQ(b.get(), future_status::cancelled);

    future<int> abandoned;
    {
        promise<int> p;
        abandoned = p.get_future().then(here, [](const future<int>& f) { return f.get(); });
    }
    EXPECT_THROW(abandoned.get(), heddle::error);
}

TEST(then, fails_as_what_is_called_fails) {
    thread_pool pool(1);
    auto f = pool.submit([] { return 1; }).then(pool, [](const future<int>&) -> int {
        throw std::runtime_error("then");
    });
    EXPECT_THROW(f.get(), std::runtime_error);
}

TEST(then, may_be_withdrawn_and_then_is_not_called) {
    thread_pool pool(1);
    promise<> p;
    bool called = false;
    auto held = std::make_shared<int>(1);
    auto f = p.get_future().then(pool, [&called, held](const future<>&) { called = true; });
    EXPECT_TRUE(f.cancel());
    p.set_value();
    pool.shutdown();
    EXPECT_FALSE(called);
    EXPECT_EQ(held.use_count(), 1);
}

TEST(then, in_place_is_a_callback_that_can_be_taken_back) {
    heddle::inline_executor here;
    promise<> p;
    int called = 0;
    const auto count = [&](const future<>&) { ++called; };
    auto kept = p.get_future().then(here, count);
    auto taken_back = p.get_future().then(here, count);
    EXPECT_TRUE(taken_back.cancel());
    p.set_value();
    EXPECT_EQ(called, 1);
    EXPECT_FALSE(kept.cancel());
    EXPECT_TRUE(taken_back.cancel());
}

TEST(then, in_place_is_waited_for_where_it_is_too_late_to_take_it_back) {
    heddle::inline_executor here;
    task_tests::gate g;
    promise<> p;
    bool over = false;
    auto f = p.get_future().then(here, [&](const future<>&) {
        g.pass();
        over = true;
    });
    std::thread completes([&] { p.set_value(); });
    g.entered();
    EXPECT_FALSE(f.cancel());
    g.open();
    f.wait();
    EXPECT_TRUE(over);
    completes.join();
}

TEST(then, is_withdrawn_if_the_executor_takes_no_more_work) {
    thread_pool pool(1);
    promise<> p;
    auto f = p.get_future().then(pool, [](const future<>&) {});
    pool.shutdown();
    p.set_value();
    EXPECT_EQ(f.status(), future_status::cancelled);
}

TEST(then, follow_each_other) {
    thread_pool pool(2);
    auto f = pool.submit([] { return 0; });
    for (int i = 0; i < 1000; ++i)
        f = f.then(pool, [](const future<int>& before) { return before.get() + 1; });
    EXPECT_EQ(f.get(), 1000);
}

TEST(then, is_asked_to_stop_by_its_own_future) {
    thread_pool pool(1);
    promise<> p;
    auto f = p.get_future().then(pool, [](const future<>&) { heddle::rt::sleep_for(10s); });
    p.set_value();
    f.request_stop();
    EXPECT_THROW(f.get(), heddle::cancelled);
}

TEST(then, of_an_empty_future_says_so) {
    thread_pool pool(1);
    EXPECT_THROW(future<int>().then(pool, [](const future<int>&) {}), heddle::invalid_state);
}

namespace {

constexpr int very_many = 100'000;

template <class E> future<int> very_long_chain(E& where, future<int> f) {
    for (int i = 0; i < very_many; ++i)
        f = f.then(where, [](const future<int>& before) { return before.get() + 1; });
    return f;
}

}  // namespace

TEST(then, a_very_long_chain_does_not_overflow_the_stack_of_who_completes_it) {
    heddle::inline_executor here;
    promise<int> p;
    const auto last = very_long_chain(here, p.get_future());
    p.set_value(0);
    EXPECT_EQ(last.get(), very_many);

    thread_pool pool(1);
    promise<int> in_task;
    const auto completed_there = very_long_chain(here, in_task.get_future());
    pool.submit([&] { in_task.set_value(1); }).get();
    EXPECT_EQ(completed_there.get(), very_many + 1);
}

TEST(then, a_very_long_chain_on_a_pool_that_has_been_shut_down_is_withdrawn) {
    thread_pool pool(1);
    promise<int> p;
    const auto last = very_long_chain(pool, p.get_future());
    pool.shutdown();
    p.set_value(0);
    EXPECT_THROW(last.get(), heddle::cancelled);
}

TEST(then, a_loop_of_continuations_that_are_done_at_once_does_not_overflow_the_stack) {
    heddle::inline_executor here;
    const auto ready = here.submit([] { return 1; });
    int left = very_many;
    std::function<void(const future<int>&)> again = [&](const future<int>&) {
        if (--left > 0) ready.then(here, again);
    };
    ready.then(here, again);
    EXPECT_EQ(left, 0);
}

TEST(then, who_waits_deep_within_callbacks_calls_first_what_was_put_off) {
    constexpr int depth = 100;
    std::vector<promise<int>> promises(depth + 1);
    int reached = 0;
    for (int i = 0; i < depth; ++i)
        promises[static_cast<std::size_t>(i)].get_future().on_done([&, i](const future<int>&) {
            auto& next = promises[static_cast<std::size_t>(i) + 1];
            heddle::inline_executor here;
            const auto after = next.get_future().then(here, [](const future<int>& f) { return f.get() + 1; });
            next.set_value(i);
            EXPECT_EQ(after.get(), i + 1);
            ++reached;
        });
    promises[0].set_value(0);
    EXPECT_EQ(reached, depth);
}
