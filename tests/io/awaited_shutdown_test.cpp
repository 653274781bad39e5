// SPDX-License-Identifier: BSL-1.0
// The end of a pool in coroutines. How a pool ends belongs to task/; what resumes the coroutine is here.
#include <gtest/gtest.h>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/policy/fcfs.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/task/policy_pool.hpp>
#include <heddle/task/thread_pool.hpp>
#include <latch>

using namespace std::chrono_literals;
using heddle::task;
using heddle::rt::deadline;

namespace {

struct by_stealing : heddle::thread_pool {
    by_stealing() : thread_pool(1) {}
};
struct by_policy : heddle::policy_pool<heddle::policy::fcfs> {
    by_policy() : policy_pool(heddle::policy::fcfs()) {}
};

template <class Pool> struct awaited_shutdown : ::testing::Test {};
using pools = ::testing::Types<by_stealing, by_policy>;
TYPED_TEST_SUITE(awaited_shutdown, pools);

}  // namespace

TYPED_TEST(awaited_shutdown, lets_the_loop_go_on_until_all_has_run) {
    heddle::event go;
    TypeParam pool;
    const auto running = pool.submit([&] { go.wait(); });
    const auto main = [&]() -> task<> {
        const auto opens = [&]() -> task<> {
            go.set();
            co_return;
        };
        const auto opening = heddle::spawn(opens());
        co_await pool.async_shutdown();
        EXPECT_TRUE(running.done());
        co_await opening;
        co_await pool.async_shutdown();  // again
    };
    heddle::run(main());
    EXPECT_THROW(pool.submit([] {}), heddle::shutdown_error);
}

TYPED_TEST(awaited_shutdown, that_does_not_wait_or_is_cancelled_leaves_the_pool_ending) {
    heddle::event begun;
    std::latch go(1);  // keeps the worker from its next task
    TypeParam pool;
    const auto running = pool.submit([&] {
        begun.set();
        go.wait();
    });
    begun.wait();
    const auto pending = pool.submit([] {});
    const auto main = [&]() -> task<> {
        const heddle::shutdown_options at_once{.wait = false, .cancel_pending = true};
        const auto ends = [&]() -> task<> { co_await pool.async_shutdown(); };
        const auto ending = heddle::spawn(ends());
        co_await heddle::yield();
        ending.request_stop();
        co_await ending.async_wait();
        EXPECT_THROW(ending.get(), heddle::cancelled);
        EXPECT_THROW(pool.submit([] {}), heddle::shutdown_error);
        co_await pool.async_shutdown(at_once);
        EXPECT_FALSE(running.done());
        EXPECT_EQ(pending.status(), heddle::future_status::cancelled);
        EXPECT_FALSE(pool.try_shutdown());
        EXPECT_FALSE(pool.shutdown_until(deadline::after(1us)));
        EXPECT_FALSE(co_await pool.async_shutdown(deadline::after(1us)));
        go.count_down();
        EXPECT_TRUE(co_await pool.async_shutdown(deadline::after(1h)));
        EXPECT_TRUE(pool.shutdown_until(deadline::after(-1s)));
        co_await pool.async_shutdown();
        EXPECT_TRUE(running.done());
        EXPECT_TRUE(pool.try_shutdown());
    };
    heddle::run(main());
}
