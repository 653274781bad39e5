// SPDX-License-Identifier: BSL-1.0
// Lock diagnosis: tasks that wait for each other, for themselves, or for what their own thread holds up.
#include <gtest/gtest.h>
#include <algorithm>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/monitor.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/select.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <heddle/sync/thread.hpp>
#include <mutex>
#include "coroutines.hpp"
#include "diagnosis.hpp"
#include "threads.hpp"

using namespace std::chrono_literals;
using heddle::event;
using heddle::lock_finding;
using heddle::lock_problem;
using heddle::mutex;
using heddle::shared_mutex;
using heddle::task;
using heddle::thread;
using sync_tests::contains;
using sync_tests::deadline;
using sync_tests::diagnosis;
using sync_tests::named;
using sync_tests::only_deadlocks;
using sync_tests::until_parked;

TEST(lock_diagnosis, tells_a_task_that_it_holds_the_lock_that_it_waits_for) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    const std::lock_guard hold(m);
    try {
        m.lock();
        FAIL() << "the lock was taken twice";
    } catch (const heddle::deadlock_error& e) {
        EXPECT_TRUE(contains(e.what(), "mutex 'm'")) << e.what();
    }
    ASSERT_EQ(d.count(), 1U);
    EXPECT_EQ(d.found()[0].what, lock_problem::self_deadlock);
}

TEST(lock_diagnosis, says_so_of_a_reader_that_comes_again_behind_a_writer) {
    const diagnosis d(only_deadlocks());
    shared_mutex m("m");
    m.lock_shared();
    thread writer([&] { const std::lock_guard hold(m); });
    until_parked(&m, 1);
    EXPECT_THROW(m.lock_shared(), heddle::deadlock_error);
    m.unlock_shared();
}

TEST(lock_diagnosis, does_not_take_a_recursive_lock_for_a_deadlock) {
    const diagnosis d(only_deadlocks());
    heddle::recursive_mutex m;
    const std::lock_guard one(m);
    const std::lock_guard two(m);
    EXPECT_EQ(d.count(), 0U);
}

TEST(lock_diagnosis, names_the_cycle_when_tasks_wait_for_each_other_and_lets_one_go_on) {
    const diagnosis d(only_deadlocks());
    mutex a("a");
    mutex b("b");
    event first_holds;
    event second_holds;
    bool broken = false;
    thread first(named("first"), [&] {
        const std::lock_guard hold(a);
        first_holds.set();
        second_holds.wait();
        const std::lock_guard want(b);  // waits until the other has been thrown out
    });
    thread second(named("second"), [&] {
        const std::lock_guard hold(b);
        first_holds.wait();
        second_holds.set();
        until_parked(&b, 1);
        try {
            const std::lock_guard want(a);
        } catch (const heddle::deadlock_error&) {
            broken = true;
        }
    });
    first.join();
    second.join();
    EXPECT_TRUE(broken);
    ASSERT_EQ(d.count(), 1U);
    const lock_finding f = d.found()[0];
    EXPECT_EQ(f.what, lock_problem::cycle);
    EXPECT_EQ(f.tasks, (std::vector<std::string>{"'second'", "'first'"}));
    EXPECT_EQ(f.locks,
              (std::vector<std::string>{"mutex 'a', held by 'first'", "mutex 'b', held by 'second'"}));
    EXPECT_EQ(f.stacks.size(), 4U);
}

TEST(lock_diagnosis, finds_a_cycle_that_goes_through_the_join_of_a_thread) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    bool broken = false;
    m.lock();
    thread t(named("joined"), [&] { const std::lock_guard hold(m); });
    until_parked(&m, 1);
    try {
        t.join();
    } catch (const heddle::deadlock_error& e) {
        broken = true;
        EXPECT_TRUE(contains(e.what(), "the end of 'joined'")) << e.what();
    }
    m.unlock();
    EXPECT_TRUE(broken);
}

TEST(lock_diagnosis, finds_a_cycle_of_coroutines) {
    const diagnosis d(only_deadlocks());
    mutex a("a");
    mutex b("b");
    int broken = 0;
    const auto take = [](mutex& x, mutex& y, int& n) -> task<> {
        co_await x.async_lock();
        co_await heddle::yield();
        try {
            co_await y.async_lock();
            y.unlock();
        } catch (const heddle::deadlock_error&) {
            ++n;
        }
        x.unlock();
    };
    const auto main = [&]() -> task<> {
        auto one = heddle::event_loop::current()->spawn(take(a, b, broken));
        auto two = heddle::event_loop::current()->spawn(take(b, a, broken));
        co_await one;
        co_await two;
    };
    heddle::run(main());
    EXPECT_EQ(broken, 1);
    EXPECT_EQ(d.count(), 1U);
}

TEST(lock_diagnosis, does_not_take_a_wait_with_a_limit_for_a_deadlock) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    const std::lock_guard hold(m);
    EXPECT_FALSE(m.try_lock_for(1us));
    EXPECT_EQ(d.count(), 0U);
}

TEST(lock_diagnosis, does_not_mind_who_unlocks) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    m.lock();
    thread([&] { m.unlock(); }).join();
    m.lock();
    m.unlock();
    heddle::monitor<int> number(0);
    thread waits([&] { number.when([](int n) { return n == 1; }).with([](int& n) { n = 2; }); });
    number.with([](int& n) { n = 1; });
    waits.join();
    number.with([](int& n) { EXPECT_EQ(n, 2); });
    heddle::recursive_mutex r;
    heddle::condition c(r);
    bool ready = false;
    thread other([&] {
        const std::lock_guard hold(r);
        const std::lock_guard twice(r);
        c.wait([&] { return ready; });
    });
    {
        const std::lock_guard hold(r);
        ready = true;
        c.notify_all();
    }
    other.join();
    EXPECT_EQ(d.count(), 0U);
}

TEST(lock_diagnosis, tells_a_thread_that_it_blocks_the_worker_that_the_holder_needs) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    const auto hold = [](mutex& l) -> task<> {
        co_await l.async_lock();
        co_await heddle::yield();
        co_await heddle::yield();
        l.unlock();
    };
    const auto main = [&]() -> task<> {
        auto holder = heddle::event_loop::current()->spawn(hold(m));
        co_await heddle::yield();
        EXPECT_THROW(m.lock(), heddle::deadlock_error);
        co_await holder;
    };
    heddle::run(main());
    ASSERT_EQ(d.count(), 1U);
    EXPECT_EQ(d.found()[0].what, lock_problem::blocked_loop);
}

TEST(lock_diagnosis, reports_each_place_where_a_coroutine_holds_up_its_loop_once) {
    const diagnosis d(only_deadlocks());
    event never;
    heddle::semaphore none(0);
    heddle::queue<int> empty(1);
    const auto main = [&]() -> task<> {
        for (int i = 0; i < 2; ++i) {
            EXPECT_FALSE(never.wait_for(10ms));
            EXPECT_FALSE(none.try_acquire_for(10ms));
            EXPECT_FALSE(empty.get_for(10ms));
            EXPECT_FALSE(heddle::select_for(10ms, heddle::on_event(never, [] {})));
            thread([] {}).join();
            // These are right.
            EXPECT_FALSE(never.wait_for(0s));
            EXPECT_FALSE(co_await none.async_acquire(deadline::after(1us)));
        }
    };
    heddle::run(main());
    std::vector<std::string> what;
    for (const lock_finding& f : d.found()) {
        EXPECT_EQ(f.what, lock_problem::held_up_loop);
        what.push_back(f.locks.at(0).substr(0, f.locks.at(0).find(' ')));
    }
    // It may be over by the time that it is joined. And the limit of a wait may pass before it begins, where
    // this thread does not run for a while; then it is reported in the next round.
    std::erase(what, "thread");
    std::sort(what.begin(), what.end());
    EXPECT_EQ(what, (std::vector<std::string>{"event", "queue", "select", "semaphore"}));
}

TEST(lock_diagnosis, leaves_threads_and_fibers_that_wait_alone) {
    const diagnosis d(only_deadlocks());
    event never;
    EXPECT_FALSE(never.wait_for(1us));
    sync_tests::run_fibers({[&] { EXPECT_FALSE(never.wait_for(1us)); }});
    EXPECT_EQ(d.count(), 0U);
}
