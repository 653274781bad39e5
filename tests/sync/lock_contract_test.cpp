// SPDX-License-Identifier: BSL-1.0
// What every lock of heddle promises, run over all of them.
#include <gtest/gtest.h>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <mutex>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::task;
using heddle::rt::clock;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::run_fibers;
using sync_tests::settle;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

namespace {

template <class Lock> struct lock : ::testing::Test {
    Lock m;

    /// What another task sees.
    bool free_for_others() {
        bool result = false;
        std::thread([&] {
            result = m.try_lock();
            if (result) m.unlock();
        }).join();
        return result;
    }
    task<> lock_and_note(int i, std::vector<int>& order) {
        co_await m.async_lock();
        order.push_back(i);
        m.unlock();
    }
};

using locks = ::testing::Types<heddle::mutex, heddle::recursive_mutex, heddle::fair_mutex,
                               heddle::priority_mutex, heddle::shared_mutex>;
TYPED_TEST_SUITE(lock, locks);

}  // namespace

TYPED_TEST(lock, is_free_at_first_and_after_unlock) {
    EXPECT_TRUE(this->free_for_others());
    this->m.lock();
    EXPECT_FALSE(this->free_for_others());
    this->m.unlock();
    EXPECT_TRUE(this->free_for_others());
}

TYPED_TEST(lock, meets_Lockable_and_TimedLockable) {
    TypeParam other;
    {
        std::lock_guard guard(this->m);
    }
    {
        std::unique_lock guard(this->m, 1h);
        EXPECT_TRUE(guard.owns_lock());
    }
    {
        std::scoped_lock guard(this->m, other);
    }
    EXPECT_TRUE(this->free_for_others());
}

TYPED_TEST(lock, LK01_unlock_of_what_is_not_locked_is_an_error) {
    EXPECT_THROW(this->m.unlock(), heddle::not_owner);
    this->m.lock();
    this->m.unlock();
    EXPECT_THROW(this->m.unlock(), heddle::not_owner);
    EXPECT_TRUE(this->free_for_others());
}

TYPED_TEST(lock, makes_a_thread_wait_until_it_is_unlocked) {
    this->m.lock();
    int data = 0;  // not atomic: the lock orders it
    std::thread t([&] {
        std::lock_guard guard(this->m);
        ++data;
    });
    until_parked(&this->m, 1);
    ++data;
    this->m.unlock();
    t.join();
    EXPECT_EQ(data, 2);
}

TYPED_TEST(lock, excludes_threads_from_each_other) {
    long count = 0;
    std::vector<std::thread> group;
    for (int t = 0; t < 4; ++t)
        group.emplace_back([&] {
            for (int i = 0; i < 2000; ++i) {
                std::lock_guard guard(this->m);
                ++count;
            }
        });
    for (auto& t : group) t.join();
    EXPECT_EQ(count, 8000);
}

TYPED_TEST(lock, LK02_gives_up_at_its_deadline_and_not_before_and_stays_usable) {
    this->m.lock();
    std::thread([&] {
        const auto when = clock::now() + 2ms;
        EXPECT_FALSE(this->m.try_lock_until(when));
        EXPECT_GE(clock::now(), when);
    }).join();
    this->m.unlock();
    EXPECT_TRUE(this->free_for_others());
}

TYPED_TEST(lock, LK02_with_a_negative_time_tries_once) {
    EXPECT_TRUE(this->m.try_lock_for(-1h));
    std::thread([&] {
        EXPECT_FALSE(this->m.try_lock_for(-1h));
        EXPECT_FALSE(this->m.try_lock_until(deadline(clock::time_point::min())));
    }).join();
    this->m.unlock();
}

TYPED_TEST(lock, takes_time_points_of_any_clock) {
    EXPECT_TRUE(this->m.try_lock_until(std::chrono::steady_clock::now() + 1h));
    std::thread([&] {
        EXPECT_FALSE(this->m.try_lock_until(std::chrono::system_clock::now() - 1h));
        EXPECT_FALSE(this->m.try_lock_until(std::chrono::steady_clock::now() - 1h));
    }).join();
    this->m.unlock();
}

TYPED_TEST(lock, that_comes_free_in_time_is_taken) {
    this->m.lock();
    bool locked = false;
    std::thread t([&] {
        locked = this->m.try_lock_for(1h);
        if (locked) this->m.unlock();
    });
    until_parked(&this->m, 1);
    this->m.unlock();
    t.join();
    EXPECT_TRUE(locked);
}

TYPED_TEST(lock, is_no_point_of_cancellation_without_a_limit) {
    this->m.lock();
    stoppable_thread t([&] {
        this->m.lock();
        EXPECT_TRUE(heddle::rt::current_task().stop_pending());
        this->m.unlock();
    });
    until_parked(&this->m, 1);
    t.request_stop();
    EXPECT_EQ(heddle::rt::parking_lot::count(&this->m), 1U);
    this->m.unlock();
}

TYPED_TEST(lock, X2_with_a_limit_ends_with_cancelled_and_is_not_locked) {
    this->m.lock();
    stoppable_thread t([&] { EXPECT_THROW(this->m.try_lock_for(1h), heddle::cancelled); });
    until_parked(&this->m, 1);
    t.request_stop();
    t.join();
    this->m.unlock();
    EXPECT_TRUE(this->free_for_others());
}

TYPED_TEST(lock, AL03_unlocked_by_a_coroutine_when_it_is_not_locked_is_an_error) {
    const auto main = [&]() -> heddle::task<> {
        EXPECT_THROW(this->m.unlock(), heddle::not_owner);
        co_await this->m.async_lock();
        this->m.unlock();
        EXPECT_THROW(this->m.unlock(), heddle::not_owner);
    };
    heddle::run(main());
    EXPECT_TRUE(this->free_for_others());
}

TYPED_TEST(lock, that_is_free_is_taken_although_the_task_is_asked_to_stop) {
    stoppable_thread t([&] {
        heddle::rt::current_task().request_stop();
        EXPECT_TRUE(this->m.try_lock_for(1h));
        EXPECT_TRUE(heddle::rt::current_task().stop_pending());
        this->m.unlock();
    });
}

TYPED_TEST(lock, tells_whether_it_is_locked) {
    EXPECT_FALSE(this->m.locked());
    std::lock_guard guard(this->m);
    EXPECT_TRUE(this->m.locked());
}

TYPED_TEST(lock, async_that_is_free_does_not_suspend) {
    const auto main = [&]() -> task<> {
        co_await this->m.async_lock();
        EXPECT_FALSE(this->free_for_others());
        this->m.unlock();
        EXPECT_TRUE(co_await this->m.async_lock(deadline::after(1h)));
        this->m.unlock();
    };
    heddle::run(main());
}

TYPED_TEST(lock, AL01_serves_coroutines_in_the_order_of_asking) {
    std::vector<int> order;
    const auto main = [&]() -> task<> {
        co_await this->m.async_lock();
        for (int i = 0; i < 5; ++i) {
            heddle::spawn(this->lock_and_note(i, order));
            co_await parked(&this->m, static_cast<std::size_t>(i + 1));
        }
        this->m.unlock();
        while (order.size() < 5) co_await heddle::yield();
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TYPED_TEST(lock, AL01_is_not_taken_by_a_later_coroutine_while_an_earlier_one_is_being_woken) {
    std::vector<int> order;
    const auto main = [&]() -> task<> {
        co_await this->m.async_lock();
        auto first = heddle::spawn(this->lock_and_note(1, order));
        co_await parked(&this->m, 1);
        this->m.unlock();  // the first is granted and has not run yet
        EXPECT_TRUE(this->m.locked());
        co_await this->lock_and_note(2, order);
        co_await first;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

// Granted and cancelled at the same moment keeps the lock; the request waits for the next point, and the
// scope then passes the lock on.
TYPED_TEST(lock, AL01_of_one_cancelled_at_the_moment_of_hand_over_goes_on_to_the_next) {
    bool served = false;
    const auto waits = [&]() -> task<> {
        co_await this->m.async_lock();
        std::unique_lock guard(this->m, std::adopt_lock);
        co_await heddle::yield();
        ADD_FAILURE() << "the request was lost";
    };
    const auto next = [&]() -> task<> {
        co_await this->m.async_lock();
        served = true;
        this->m.unlock();
    };
    const auto main = [&]() -> task<> {
        co_await this->m.async_lock();
        auto a = heddle::spawn(waits());
        co_await parked(&this->m, 1);
        auto b = heddle::spawn(next());
        co_await parked(&this->m, 2);
        this->m.unlock();
        a.request_stop();
        co_await b;
        EXPECT_TRUE(a.done());
        EXPECT_THROW(a.get(), heddle::cancelled);
    };
    heddle::run(main());
    EXPECT_TRUE(served);
    EXPECT_TRUE(this->free_for_others());
}

TYPED_TEST(lock, AL02_a_cancelled_first_waiter_and_an_unlock_in_one_step_let_exactly_one_other_in) {
    std::vector<int> in;
    const auto waits = [&](int i) -> task<> {
        co_await this->m.async_lock();
        in.push_back(i);  // and keeps it
        while (in.size() < 3) co_await heddle::yield();
        this->m.unlock();
    };
    const auto main = [&]() -> task<> {
        co_await this->m.async_lock();
        std::vector<heddle::future<>> all;
        for (int i = 0; i < 3; ++i) {
            all.push_back(heddle::spawn(waits(i)));
            co_await parked(&this->m, static_cast<std::size_t>(i + 1));
        }
        all[0].request_stop();
        this->m.unlock();
        co_await settle();
        EXPECT_EQ(in, (std::vector<int>{1}));
        in.resize(3);  // lets them go
        co_await all[1];
        co_await all[2];
        EXPECT_THROW(all[0].get(), heddle::cancelled);
    };
    heddle::run(main());
    EXPECT_TRUE(this->free_for_others());
}

TYPED_TEST(lock, async_gives_up_at_its_deadline_and_not_before) {
    this->m.lock();
    const auto main = [&]() -> task<> {
        const auto when = clock::now() + 2ms;
        EXPECT_FALSE(co_await this->m.async_lock(when));
        EXPECT_GE(clock::now(), when);
    };
    std::thread([&] { heddle::run(main()); }).join();
    this->m.unlock();
    EXPECT_TRUE(this->free_for_others());
}

TYPED_TEST(lock, async_with_a_deadline_in_the_past_tries_once) {
    const auto main = [&](bool expected) -> task<> {
        const bool locked = co_await this->m.async_lock(deadline::after(-1h));
        EXPECT_EQ(locked, expected);
        if (locked) this->m.unlock();
    };
    heddle::run(main(true));
    this->m.lock();
    std::thread([&] { heddle::run(main(false)); }).join();
    this->m.unlock();
}

TYPED_TEST(lock, joins_a_thread_to_a_coroutine) {
    const auto main = [&](std::thread& t) -> task<> {
        co_await this->m.async_lock();
        t = std::thread([&] { this->m.lock(), this->m.unlock(); });
        co_await parked(&this->m, 1);
        this->m.unlock();
    };
    std::thread t;
    heddle::run(main(t));
    t.join();
}

TYPED_TEST(lock, goes_from_a_thread_to_a_coroutine) {
    std::atomic<bool> got{false};
    this->m.lock();
    const auto main = [&]() -> task<> {
        co_await this->m.async_lock();
        got = true;
        this->m.unlock();
    };
    std::thread t([&] { heddle::run(main()); });
    until_parked(&this->m, 1);
    EXPECT_FALSE(got.load());
    this->m.unlock();
    t.join();
    EXPECT_TRUE(got.load());
}

TYPED_TEST(lock, suspends_a_fiber_and_not_its_worker) {
    std::vector<int> order;
    run_fibers({[&] {
                    this->m.lock();
                    heddle::rt::sleep_for(0s);
                    while (heddle::rt::parking_lot::count(&this->m) < 2) heddle::rt::sleep_for(1us);
                    order.push_back(0);
                    this->m.unlock();
                },
                [&] {
                    std::lock_guard guard(this->m);
                    order.push_back(1);
                },
                [&] {
                    std::lock_guard guard(this->m);
                    order.push_back(2);
                }});
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TYPED_TEST(lock, X4_destroyed_while_a_task_waits_ends_the_program_and_names_both) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto* const doomed = new TypeParam("ledger");
            doomed->lock();
            std::thread t([doomed] {
                heddle::rt::task_context task("clerk");
                heddle::rt::task_scope scope(&task);
                doomed->lock();
            });
            until_parked(doomed, 1);
            delete doomed;
        },
        "'ledger' is destroyed while task 'clerk' waits");
}
