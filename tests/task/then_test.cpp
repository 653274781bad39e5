// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/then.hpp>

#include <gtest/gtest.h>
#include <heddle/task/inline_executor.hpp>
#include <heddle/task/thread_pool.hpp>
#include <memory>
#include <stdexcept>
#include <string>
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
    for (int i = 0; i < 1000; ++i) f = f.then(pool, [](const future<int>& before) { return before.get() + 1; });
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
