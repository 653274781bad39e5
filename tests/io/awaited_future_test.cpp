// SPDX-License-Identifier: BSL-1.0
// Futures in coroutines. That they can be awaited belongs to task/; what resumes the coroutine is here.
#include <gtest/gtest.h>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/thread_pool.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using heddle::future;
using heddle::promise;
using heddle::task;
using heddle::thread_pool;

TEST(awaited_future, may_be_completed_by_a_pool_and_resumes_on_its_own_worker) {
    thread_pool pool(2);
    const auto main = [&]() -> task<int> {
        const auto home = std::this_thread::get_id();
        int sum = 0;
        for (int i = 0; i < 100; ++i) {
            sum += co_await pool.submit([i] { return i; });
            EXPECT_EQ(std::this_thread::get_id(), home);
        }
        co_return sum;
    };
    EXPECT_EQ(heddle::run(main()), 4950);
}

TEST(awaited_future, gives_a_reference_and_a_temporary_is_moved_out_of) {
    thread_pool pool(1);
    const auto main = [&]() -> task<> {
        const auto f = pool.submit([] { return std::string("kept"); });
        EXPECT_EQ(co_await f, "kept");
        EXPECT_EQ(co_await f, "kept");
        auto p = co_await pool.submit([] { return std::make_unique<int>(6); });
        EXPECT_EQ(*p, 6);
    };
    heddle::run(main());
}

TEST(awaited_future, throws_what_was_thrown) {
    thread_pool pool(1);
    const auto main = [&]() -> task<> { co_await pool.submit([] { throw std::runtime_error("pool"); }); };
    EXPECT_THROW(heddle::run(main()), std::runtime_error);
}

TEST(awaited_future, is_a_point_of_cancellation_and_loses_nothing) {
    promise<int> p;
    auto f = p.get_future();
    const auto waiter = [](future<int> g) -> task<> { co_await g; };
    const auto main = [&]() -> task<> {
        auto w = heddle::spawn(waiter(f));
        co_await heddle::yield();
        w.request_stop();
        bool thrown = false;
        try {
            co_await w;
        } catch (const heddle::cancelled&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        p.set_value(1);
        EXPECT_EQ(co_await f, 1);
    };
    heddle::run(main());
}

TEST(awaited_future, may_be_awaited_by_many) {
    promise<int> p;
    int sum = 0;
    const auto waiter = [&]() -> task<> { sum += co_await p.get_future(); };
    const auto main = [&]() -> task<> {
        std::vector<future<>> all;
        for (int i = 0; i < 100; ++i) all.push_back(heddle::spawn(waiter()));
        co_await heddle::yield();
        std::thread([&] { p.set_value(2); }).join();
        for (auto& f : all) co_await f;
    };
    heddle::run(main());
    EXPECT_EQ(sum, 200);
}

TEST(awaited_future, is_not_resumed_by_a_late_unpark_of_what_was_at_its_address_before) {
    promise<int> p;
    const auto f = p.get_future();
    const auto main = [&]() -> task<> {
        auto waiter = heddle::spawn([](future<int> g) -> task<int> { co_return co_await g; }(f));
        co_await heddle::yield();
        const auto* at = static_cast<const char*>(heddle::detail::future_access::state(f)->address());
        EXPECT_EQ(heddle::rt::parking_lot::count(at), 1U);
        for (const char* word = at - 65; word < at + 64; word += 4) heddle::rt::parking_lot::unpark_all(word);
        co_await heddle::yield();
        EXPECT_FALSE(waiter.done());
        p.set_value(3);
        EXPECT_EQ(co_await waiter, 3);
    };
    heddle::run(main());
}
