// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/monitor.hpp>

#include <gtest/gtest.h>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <stdexcept>
#include <string>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::monitor;
using heddle::task;
using heddle::rt::clock;
using sync_tests::deadline;
using sync_tests::run_fibers;
using sync_tests::settle;
using sync_tests::stoppable_thread;

namespace {

template <class M> struct any_monitor : ::testing::Test {
    monitor<int, M> n{0};

    void add(int d) {
        n.with([d](int& v) { v += d; });
    }
};

using monitor_locks =
    ::testing::Types<heddle::mutex, heddle::recursive_mutex, heddle::fair_mutex, heddle::priority_mutex>;
TYPED_TEST_SUITE(any_monitor, monitor_locks);

constexpr auto positive = [](const int& v) { return v > 0; };

}  // namespace

TYPED_TEST(any_monitor, gives_what_is_computed_under_the_lock) {
    EXPECT_EQ(this->n.with([](int& v) { return v += 3; }), 3);
    EXPECT_EQ(std::as_const(this->n).with([](const int& v) { return v * 2; }), 6);
    EXPECT_EQ(this->n.copy(), 3);
    monitor<std::string, TypeParam> text(3u, 'x');
    EXPECT_EQ(text.copy(), "xxx");
}

TYPED_TEST(any_monitor, excludes_threads_from_each_other) {
    std::vector<std::thread> group;
    for (int t = 0; t < 3; ++t)
        group.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) this->add(1);
        });
    for (auto& t : group) t.join();
    EXPECT_EQ(this->n.copy(), 3000);
}

TYPED_TEST(any_monitor, waits_for_a_state_and_goes_on_before_anybody_else) {
    std::atomic<bool> asked{false};
    const auto pred = [&](const int& v) {
        asked = true;
        return v > 0;
    };
    int seen = 0;
    std::thread t([&] { seen = this->n.when(pred).with([](int& v) { return v--; }); });
    sync_tests::until([&] { return asked.load(); });
    this->add(0);  // nothing that it waits for
    this->add(5);
    t.join();
    EXPECT_EQ(seen, 5);
    EXPECT_EQ(this->n.copy(), 4);
}

TYPED_TEST(any_monitor, does_not_wait_if_the_state_is_there) {
    this->add(1);
    EXPECT_EQ(this->n.when(positive).with([](int& v) { return v; }), 1);
    EXPECT_TRUE(this->n.when(positive).try_with([](int& v) { v = 0; }));
    EXPECT_FALSE(this->n.when(positive).try_with([](int&) { ADD_FAILURE(); }));
}

TYPED_TEST(any_monitor, gives_up_at_its_deadline_and_not_before) {
    const auto when = clock::now() + 2ms;
    EXPECT_FALSE(this->n.when(positive).with_until(when, [](int&) { ADD_FAILURE(); }));
    EXPECT_GE(clock::now(), when);
    EXPECT_FALSE(this->n.when(positive).with_for(-1s, [](int&) { ADD_FAILURE(); }));
    this->add(1);
    EXPECT_TRUE(this->n.when(positive).with_for(-1s, [](int& v) { v = 0; }));
    this->add(1);  // nobody is left in the queue
}

TYPED_TEST(any_monitor, X2_who_is_asked_to_stop_has_done_nothing_and_leaves_the_lock_free) {
    std::atomic<bool> asked{false};
    stoppable_thread t([&] {
        const auto pred = [&](const int& v) {
            asked = true;
            return v > 0;
        };
        EXPECT_THROW(this->n.when(pred).with([](int&) { ADD_FAILURE(); }), heddle::cancelled);
    });
    sync_tests::until([&] { return asked.load(); });
    t.request_stop();
    t.join();
    this->add(1);
    EXPECT_EQ(this->n.copy(), 1);
}

TYPED_TEST(any_monitor, what_a_function_or_a_predicate_throws_reaches_its_caller_with_the_lock_free) {
    EXPECT_THROW(this->n.with([](int&) { throw std::runtime_error("f"); }), std::runtime_error);
    EXPECT_THROW(this->n.when([](const int&) -> bool { throw std::runtime_error("pred"); }).with([](int&) {}),
                 std::runtime_error);
    std::atomic<bool> asked{false};
    std::thread t([&] {
        const auto pred = [&](const int& v) -> bool {
            asked = true;
            if (v > 0) throw std::runtime_error("later");
            return false;
        };
        EXPECT_THROW(this->n.when(pred).with([](int&) {}), std::runtime_error);
    });
    sync_tests::until([&] { return asked.load(); });
    this->add(1);
    t.join();
    EXPECT_EQ(this->n.copy(), 1);
}

TYPED_TEST(any_monitor, hands_the_state_to_the_first_that_can_use_it) {
    std::vector<int> order;
    const auto takes = [&](int amount) -> task<> {
        co_await this->n.when([amount](const int& v) { return v >= amount; }).async_with([&](int& v) {
            v -= amount;
            order.push_back(amount);
        });
    };
    const auto main = [&]() -> task<> {
        std::vector<heddle::future<>> all;
        for (int amount : {5, 2, 2}) {
            all.push_back(heddle::spawn(takes(amount)));
            co_await settle();
        }
        co_await this->n.async_with([](int& v) { v = 4; });
        co_await settle();
        EXPECT_EQ(order, (std::vector<int>{2, 2}));
        this->add(7);
        for (auto& f : all) co_await f;
        EXPECT_EQ(this->n.copy(), 2);
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{2, 2, 5}));
}

TYPED_TEST(any_monitor, a_coroutine_gives_up_at_its_deadline_or_when_cancelled) {
    const auto waits = [&]() -> task<> {
        co_await this->n.when(positive).async_with([](int&) { ADD_FAILURE(); });
    };
    const auto main = [&]() -> task<> {
        EXPECT_FALSE(
            co_await this->n.when(positive).async_with(deadline::after(1us), [](int&) { ADD_FAILURE(); }));
        auto f = heddle::spawn(waits());
        co_await settle();
        f.request_stop();
        while (!f.done()) co_await heddle::yield();
        EXPECT_THROW(f.get(), heddle::cancelled);
        const int v = co_await this->n.async_with([](int& x) { return ++x; });
        EXPECT_EQ(v, 1);
        EXPECT_TRUE(co_await this->n.when(positive).async_with(deadline::after(-1s), [](int& x) { x = 0; }));
    };
    heddle::run(main());
}

TYPED_TEST(any_monitor, joins_threads_fibers_and_coroutines) {
    constexpr int each = 200;
    std::thread producer([&] {
        for (int i = 0; i < 3 * each; ++i) this->add(1);
    });
    std::thread thread([&] {
        for (int i = 0; i < each; ++i) this->n.when(positive).with([](int& v) { --v; });
    });
    std::thread fibers([&] {
        run_fibers({[&] {
            for (int i = 0; i < each; ++i) this->n.when(positive).with([](int& v) { --v; });
        }});
    });
    const auto main = [&]() -> task<> {
        for (int i = 0; i < each; ++i) co_await this->n.when(positive).async_with([](int& v) { --v; });
    };
    heddle::run(main());
    producer.join();
    thread.join();
    fibers.join();
    EXPECT_EQ(this->n.copy(), 0);
}

TEST(monitor, with_a_recursive_lock_may_be_used_from_within) {
    monitor<int, heddle::recursive_mutex> n(0);
    std::atomic<bool> asked{false};
    std::thread t([&] {
        const auto pred = [&](const int& v) {
            asked = true;
            return v == 2;
        };
        n.when(pred).with([](int& v) { v = 3; });
    });
    sync_tests::until([&] { return asked.load(); });
    n.with([&](int& v) {
        n.with([](int& w) { w = 2; });  // not left yet
        EXPECT_EQ(v, 2);
    });
    t.join();
    EXPECT_EQ(n.copy(), 3);
}

namespace {

/// A coroutine that runs where it is called, and can be destroyed while it waits.
struct owned {
    struct promise_type {
        owned get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_always final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() noexcept { error = std::current_exception(); }
        std::exception_ptr error;
    };
    std::coroutine_handle<promise_type> handle;
};

owned waits_for_one(monitor<int>& n) {
    co_await n.when([](const int& v) { return v == 1; }).async_with([](int& v) { v = 2; });
}

}  // namespace

TEST(monitor, that_cannot_be_waited_at_outside_a_worker_is_as_before) {
    monitor<int> n(0);
    const owned it = waits_for_one(n);
    ASSERT_TRUE(it.handle.done());
    EXPECT_THROW(std::rethrow_exception(it.handle.promise().error), heddle::invalid_state);
    it.handle.destroy();
    n.with([](int& v) { v = 1; });
    EXPECT_EQ(n.copy(), 1);
}

TEST(monitor, X4_destroyed_while_a_task_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto* const n = new monitor<int>(0);
            const auto main = [n]() -> task<> {
                waits_for_one(*n);
                co_await settle();
                delete n;
            };
            heddle::run(main());
        },
        "the monitor is destroyed while task '[0-9]+' waits");
}

TEST(monitor, a_coroutine_that_is_destroyed_while_it_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            monitor<int> n(0);
            const auto main = [&]() -> task<> {
                const owned it = waits_for_one(n);
                co_await settle();
                it.handle.destroy();
            };
            heddle::run(main());
        },
        "destroyed while it waits at a monitor");
}

TEST(monitor, with_a_shared_lock_lets_readers_in_together) {
    const monitor<int, heddle::shared_mutex> n(7);
    std::atomic<int> inside{0};
    std::vector<std::thread> group;
    for (int t = 0; t < 2; ++t)
        group.emplace_back([&] {
            n.with([&](const int& v) {
                EXPECT_EQ(v, 7);
                inside.fetch_add(1);
                sync_tests::until([&] { return inside.load() == 2; });
            });
        });
    for (auto& t : group) t.join();
}
