// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/condition.hpp>

#include <gtest/gtest.h>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <mutex>
#include <stdexcept>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::condition;
using heddle::mutex;
using heddle::recursive_mutex;
using heddle::task;
using heddle::rt::clock;
using heddle::rt::parking_lot;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::run_fibers;
using sync_tests::settle;
using sync_tests::stoppable_thread;
using sync_tests::until;
using sync_tests::until_parked;

namespace {

template <class M> struct any_condition : ::testing::Test {
    M lock;
    condition<M> changed{lock};

    /// Waits once and says how it ended: 1 notified, 0 timed out, -1 cancelled.
    task<> waits(int& result, deadline limit = deadline::never()) {
        co_await lock.async_lock();
        std::unique_lock guard(lock, std::adopt_lock);
        try {
            result = co_await changed.async_wait(limit) ? 1 : 0;
        } catch (const heddle::cancelled&) {
            result = -1;
        }
        EXPECT_TRUE(lock.locked());
    }
    void notify(std::size_t n) {
        std::lock_guard guard(lock);
        changed.notify(n);
    }
};

using condition_locks = ::testing::Types<mutex, recursive_mutex, heddle::fair_mutex, heddle::priority_mutex>;
TYPED_TEST_SUITE(any_condition, condition_locks);

}  // namespace

TYPED_TEST(any_condition, CV01_waiting_and_notifying_without_the_lock_is_an_error) {
    EXPECT_THROW(this->changed.wait(), heddle::not_owner);
    EXPECT_THROW(this->changed.wait([] { return true; }), heddle::not_owner);
    EXPECT_THROW(this->changed.wait_for(1s), heddle::not_owner);
    EXPECT_THROW(this->changed.notify(), heddle::not_owner);
    EXPECT_THROW(this->changed.notify_one(), heddle::not_owner);
    EXPECT_THROW(this->changed.notify_all(), heddle::not_owner);
    const auto main = [&]() -> task<> { co_await this->changed.async_wait(); };
    EXPECT_THROW(heddle::run(main()), heddle::not_owner);
    EXPECT_FALSE(this->lock.locked());
}

TYPED_TEST(any_condition, gives_the_lock_up_while_waiting_and_takes_it_back) {
    bool told = false;
    std::thread t([&] {
        std::lock_guard guard(this->lock);
        this->changed.wait();
        EXPECT_TRUE(told);
        EXPECT_TRUE(this->lock.locked());
    });
    until_parked(&this->changed, 1);
    {
        std::lock_guard guard(this->lock);
        told = true;
        this->changed.notify();
        EXPECT_EQ(parking_lot::count(&this->lock), 1U);  // moved, not woken
        EXPECT_EQ(this->changed.n_waiting(), 0U);
    }
    t.join();
    EXPECT_FALSE(this->lock.locked());
}

TYPED_TEST(any_condition, CV03_a_notification_that_nobody_waits_for_is_lost) {
    std::lock_guard guard(this->lock);
    this->changed.notify(3);
    this->changed.notify_all();
    EXPECT_FALSE(this->changed.wait_for(1us));
}

TYPED_TEST(any_condition, CV03_notify_three_wakes_exactly_three_of_five_and_notify_all_the_rest) {
    std::atomic<int> woken{0};
    std::vector<std::thread> group;
    for (int i = 0; i < 5; ++i)
        group.emplace_back([&] {
            std::lock_guard guard(this->lock);
            EXPECT_TRUE(this->changed.wait_for(1h));
            woken.fetch_add(1);
        });
    until_parked(&this->changed, 5);
    this->notify(3);
    until([&] { return woken.load() == 3; });
    EXPECT_EQ(this->changed.n_waiting(), 2U);
    {
        std::lock_guard guard(this->lock);
        this->changed.notify_all();
    }
    for (auto& t : group) t.join();
    EXPECT_EQ(woken.load(), 5);
}

TYPED_TEST(any_condition, CV04_wait_for_gives_what_the_predicate_gave_last) {
    std::lock_guard guard(this->lock);
    int asked = 0;
    EXPECT_FALSE(this->changed.wait_for(1us, [&] { return ++asked > 100; }));
    EXPECT_EQ(asked, 2);  // at the start and after the time
    EXPECT_TRUE(this->changed.wait_for(1us, [&] { return ++asked == 4; }));
    EXPECT_TRUE(this->changed.wait_for(-1s, [] { return true; }));
    EXPECT_FALSE(this->changed.wait_until(deadline::after(-1s), [] { return false; }));
}

TYPED_TEST(any_condition, waits_until_the_predicate_holds) {
    int value = 0;
    std::thread t([&] {
        std::lock_guard guard(this->lock);
        this->changed.wait([&] { return value == 3; });
        EXPECT_EQ(value, 3);
    });
    for (int i = 0; i < 3; ++i) {
        until_parked(&this->changed, 1);
        std::lock_guard guard(this->lock);
        ++value;
        this->changed.notify();
    }
    t.join();
}

TYPED_TEST(any_condition, a_predicate_that_throws_ends_the_wait_with_the_lock_held) {
    {
        std::unique_lock guard(this->lock);
        EXPECT_THROW(this->changed.wait([]() -> bool { throw std::runtime_error("at first"); }),
                     std::runtime_error);
        EXPECT_TRUE(this->lock.locked());
    }
    bool fails = false;
    std::thread t([&] {
        std::lock_guard guard(this->lock);
        EXPECT_THROW(this->changed.wait([&] {
            if (fails) throw std::runtime_error("later");
            return false;
        }),
                     std::runtime_error);
        EXPECT_TRUE(this->lock.locked());
    });
    until_parked(&this->changed, 1);
    {
        std::lock_guard guard(this->lock);
        fails = true;
        this->changed.notify();
    }
    t.join();
    EXPECT_FALSE(this->lock.locked());
}

TYPED_TEST(any_condition, CV05_a_wait_that_times_out_gives_false_and_owns_the_lock_again) {
    std::lock_guard guard(this->lock);
    const auto when = clock::now() + 2ms;
    EXPECT_FALSE(this->changed.wait_until(when));
    EXPECT_GE(clock::now(), when);
    bool other = true;
    std::thread([&] { other = this->lock.try_lock(); }).join();
    EXPECT_FALSE(other);
}

TYPED_TEST(any_condition, CV06_who_has_timed_out_uses_up_no_notification) {
    int live = 2;
    int gone = 2;
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(this->waits(gone, deadline::after(1us)));
        co_await parked(&this->changed, 1);
        auto b = heddle::spawn(this->waits(live));
        co_await a;
        co_await parked(&this->changed, 1);
        co_await this->lock.async_lock();
        this->changed.notify(1);
        this->lock.unlock();
        co_await b;
    };
    heddle::run(main());
    EXPECT_EQ(gone, 0);
    EXPECT_EQ(live, 1);
}

// Once notified the wait is over: neither its deadline nor a request to stop can make the notification be
// lost.
TYPED_TEST(any_condition, CV06_who_has_been_notified_does_not_time_out_while_it_waits_for_the_lock) {
    bool in_time = false;
    // The limit must not pass before the notification: on a machine that is that slow, a longer one.
    for (auto limit = 1ms; !in_time && limit < 1min; limit *= 4) {
        int result = 2;
        const auto main = [&]() -> task<> {
            const auto when = deadline::after(limit);
            auto a = heddle::spawn(this->waits(result, when));
            co_await settle();
            co_await this->lock.async_lock();
            in_time = this->changed.n_waiting() == 1;
            this->changed.notify();
            co_await heddle::sleep_until(when);
            co_await settle();
            this->lock.unlock();
            co_await a;
        };
        heddle::run(main());
        EXPECT_EQ(result, in_time ? 1 : 0);
    }
    EXPECT_TRUE(in_time);
}

TYPED_TEST(any_condition, AC01_of_notify_and_cancel_of_the_same_waiter_the_other_waiter_profits) {
    int first = 2;
    int second = 2;
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(this->waits(first));
        co_await parked(&this->changed, 1);
        auto b = heddle::spawn(this->waits(second));
        co_await parked(&this->changed, 2);
        co_await this->lock.async_lock();
        a.request_stop();
        this->changed.notify(1);
        this->lock.unlock();
        co_await a;
        co_await b;
    };
    heddle::run(main());
    EXPECT_EQ(first, -1);
    EXPECT_EQ(second, 1);
}

TYPED_TEST(any_condition, AC01_who_was_notified_first_keeps_the_notification_and_the_request) {
    int first = 2;
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(this->waits(first));
        co_await parked(&this->changed, 1);
        co_await this->lock.async_lock();
        this->changed.notify(1);
        a.request_stop();
        this->lock.unlock();
        co_await a;
    };
    heddle::run(main());
    EXPECT_EQ(first, 1);
}

TYPED_TEST(any_condition, AC02_who_is_cancelled_does_not_finish_before_it_owns_the_lock) {
    int result = 2;
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(this->waits(result));
        co_await parked(&this->changed, 1);
        co_await this->lock.async_lock();
        a.request_stop();
        co_await parked(&this->lock, 1);
        a.request_stop();  // taking the lock back is no point of cancellation
        co_await settle();
        EXPECT_EQ(result, 2);
        this->lock.unlock();
        co_await a;
    };
    heddle::run(main());
    EXPECT_EQ(result, -1);
    EXPECT_FALSE(this->lock.locked());
}

TYPED_TEST(any_condition, X2_who_is_asked_to_stop_throws_cancelled_with_the_lock_held) {
    stoppable_thread t([&] {
        std::lock_guard guard(this->lock);
        EXPECT_THROW(this->changed.wait(), heddle::cancelled);
        EXPECT_TRUE(this->lock.locked());
    });
    until_parked(&this->changed, 1);
    t.request_stop();
    t.join();
    EXPECT_FALSE(this->lock.locked());
}

TYPED_TEST(any_condition, who_is_asked_to_stop_before_it_waits_keeps_the_lock) {
    stoppable_thread t([&] {
        heddle::rt::current_task().request_stop();
        std::lock_guard guard(this->lock);
        EXPECT_THROW(this->changed.wait(), heddle::cancelled);
        EXPECT_TRUE(this->lock.locked());
    });
}

TYPED_TEST(any_condition, coroutines_wait_for_a_predicate) {
    int value = 0;
    std::vector<int> seen;
    const auto consumer = [&](int wanted) -> task<> {
        co_await this->lock.async_lock();
        std::unique_lock guard(this->lock, std::adopt_lock);
        co_await this->changed.async_wait([&] { return value >= wanted; });
        seen.push_back(wanted);
        EXPECT_FALSE(co_await this->changed.async_wait(deadline::after(1us), [&] { return false; }));
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(consumer(2));
        auto b = heddle::spawn(consumer(1));
        for (int i = 0; i < 2; ++i) {
            co_await settle();
            co_await this->lock.async_lock();
            ++value;
            this->changed.notify_all();
            this->lock.unlock();
        }
        co_await a;
        co_await b;
    };
    heddle::run(main());
    EXPECT_EQ(seen, (std::vector<int>{1, 2}));
}

TYPED_TEST(any_condition, a_predicate_of_a_coroutine_that_throws_leaves_the_lock_held) {
    const auto main = [&]() -> task<> {
        co_await this->lock.async_lock();
        EXPECT_THROW(co_await this->changed.async_wait([]() -> bool { throw std::runtime_error("no"); }),
                     std::runtime_error);
        EXPECT_TRUE(this->lock.locked());
        this->lock.unlock();
    };
    heddle::run(main());
}

TYPED_TEST(any_condition, wakes_fibers_in_their_order) {
    std::vector<int> order;
    const auto waits = [&](int i) {
        return [this, &order, i] {
            std::lock_guard guard(this->lock);
            this->changed.wait();
            order.push_back(i);
        };
    };
    run_fibers({waits(0), waits(1), waits(2), [&] {
                    while (this->changed.n_waiting() < 3) heddle::rt::sleep_for(1us);
                    std::lock_guard guard(this->lock);
                    this->changed.notify_all();
                }});
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TYPED_TEST(any_condition, joins_a_thread_to_a_coroutine) {
    int turn = 0;
    const auto main = [&]() -> task<> {
        co_await this->lock.async_lock();
        for (int i = 0; i < 50; ++i) {
            co_await this->changed.async_wait([&] { return turn % 2 == 1; });
            ++turn;
            this->changed.notify();
        }
        this->lock.unlock();
    };
    std::thread t([&] {
        std::lock_guard guard(this->lock);
        for (int i = 0; i < 50; ++i) {
            ++turn;
            this->changed.notify();
            this->changed.wait([&] { return turn % 2 == 0; });
        }
    });
    heddle::run(main());
    t.join();
    EXPECT_EQ(turn, 100);
}

TEST(condition, CV02_waiting_gives_up_both_levels_of_a_recursive_lock_and_takes_them_back) {
    recursive_mutex lock;
    condition changed(lock);
    std::thread t([&] {
        lock.lock();
        lock.lock();
        changed.wait();
        EXPECT_EQ(lock.depth(), 2U);
        EXPECT_FALSE(changed.wait_for(1us));
        EXPECT_EQ(lock.depth(), 2U);
        lock.unlock();
        lock.unlock();
    });
    until_parked(&changed, 1);
    {
        std::lock_guard guard(lock);
        changed.notify();
    }
    t.join();
    EXPECT_FALSE(lock.locked());
}

TEST(condition, X4_destroyed_while_a_task_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            mutex lock;
            auto* const c = new condition(lock);
            std::thread t([&] {
                std::lock_guard guard(lock);
                c->wait();
            });
            until_parked(c, 1);
            delete c;
        },
        "the condition is destroyed while task '[0-9]+' waits");
}
