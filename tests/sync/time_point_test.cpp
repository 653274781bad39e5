// SPDX-License-Identifier: BSL-1.0
// Every call with a limit takes a moment of any clock of <chrono>. Of locks that is in
// lock_contract_test.cpp.
#include <gtest/gtest.h>
#include <chrono>
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/channel.hpp>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/lock_all.hpp>
#include <heddle/sync/monitor.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/sync/select.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <heddle/sync/spsc_queue.hpp>
#include <heddle/sync/thread.hpp>
#include <heddle/sync/timer.hpp>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::queue_status;
using heddle::task;

template <class Clock> struct moment_of : ::testing::Test {
    typename Clock::time_point limit = Clock::now() + 1us;
};
using clocks = ::testing::Types<std::chrono::steady_clock, std::chrono::system_clock>;
TYPED_TEST_SUITE(moment_of, clocks);

TYPED_TEST(moment_of, limits_the_waits_of_threads) {
    const auto soon = this->limit;
    heddle::mutex m;
    heddle::shared_mutex s;
    heddle::event e;
    m.lock();
    s.lock();
    std::thread([&] {
        EXPECT_FALSE(m.try_lock_until(soon));
        EXPECT_FALSE(s.try_lock_shared_until(soon));
        EXPECT_FALSE(heddle::lock_all_until(soon, m));
    }).join();
    s.unlock();
    heddle::condition changed(m);
    EXPECT_FALSE(changed.wait_until(soon));
    EXPECT_FALSE(changed.wait_until(soon, [] { return false; }));
    m.unlock();
    EXPECT_FALSE(heddle::semaphore(0).try_acquire_until(soon));
    EXPECT_FALSE(heddle::bounded_semaphore(0).scoped_acquire_until(soon));
    EXPECT_FALSE(e.wait_until(soon));
    EXPECT_FALSE(heddle::latch(1).wait_until(soon));
    EXPECT_THROW(heddle::barrier(2).wait_until(soon), heddle::broken_barrier);
    heddle::queue<int> q(1);
    EXPECT_EQ(q.get_until(soon).status(), queue_status::timed_out);
    EXPECT_TRUE(q.put_until(soon, 1));
    EXPECT_EQ(heddle::spsc_queue<int>(1).get_until(soon).status(), queue_status::timed_out);
    auto [out, in] = heddle::channel<int>(0);
    EXPECT_EQ(in.receive_until(soon).status(), queue_status::timed_out);
    EXPECT_EQ(out.send_until(soon, 1).status(), queue_status::timed_out);
    EXPECT_FALSE(heddle::select_until(soon, heddle::on_event(e, [] {})));
    heddle::thread t([&] { e.wait(); });
    EXPECT_FALSE(t.join_until(soon));
    e.set();
    heddle::monitor<int> n(0);
    EXPECT_FALSE(n.when([](const int& v) { return v == 1; }).with_until(soon, [](int&) {}));
    heddle::timer fires(soon, [] {});
    fires.join();
    EXPECT_TRUE(fires.join_until(soon));
    heddle::rt::sleep_until(soon);
}

TYPED_TEST(moment_of, limits_the_waits_of_coroutines) {
    const auto main = [soon = this->limit]() -> task<> {
        heddle::mutex m;
        heddle::semaphore s(0);
        heddle::event e;
        heddle::queue<int> q(1);
        co_await m.async_lock();
        EXPECT_FALSE(co_await m.async_lock(soon));
        EXPECT_FALSE(co_await heddle::async_lock_all(soon, m));
        heddle::condition changed(m);
        EXPECT_FALSE(co_await changed.async_wait(soon));
        EXPECT_FALSE(co_await s.async_acquire(soon));
        EXPECT_FALSE(co_await e.async_wait(soon));
        const heddle::queue_result<int> got = co_await q.async_get(soon);
        EXPECT_EQ(got.status(), queue_status::timed_out);
        EXPECT_TRUE(co_await q.async_put(soon, 1));
        EXPECT_FALSE(co_await heddle::async_select(soon, heddle::on_event(e, [] {})));
        m.unlock();
    };
    heddle::run(main());
}
