// SPDX-License-Identifier: BSL-1.0
// Conditions and monitors in many orders.
#include <deque>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/monitor.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <mutex>

#include "forms.hpp"

namespace {

using namespace heddle;
using checked::act;
using checked::at_once;
using checked::form;
using checked::stop_of_one;
using checked::stoppable_thread;
using checked::way;
using rt::deadline;
using std::chrono::milliseconds;

template <class Lock> class checked_condition : public ::testing::Test {};
using locks = ::testing::Types<mutex, recursive_mutex, fair_mutex, priority_mutex>;
TYPED_TEST_SUITE(checked_condition, locks);

TYPED_TEST(checked_condition, hands_over_what_it_announces) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        TypeParam lock;
        condition<TypeParam> changed(lock);
        std::deque<int> items;
        int sum = 0;
        const auto take = [&] {
            const std::lock_guard hold(lock);
            changed.wait([&] { return !items.empty(); });
            sum += items.front();
            items.pop_front();
        };
        run({take, take, [&] {
                 for (int i = 1; i <= 2; ++i) {
                     const std::lock_guard hold(lock);
                     items.push_back(i);
                     changed.notify_one();
                 }
             }});
        check::require(sum == 3);
    });
}

TYPED_TEST(checked_condition, hands_over_from_a_thread_to_coroutines) {
    EXPECT_CORRECT([] {
        TypeParam lock;
        condition<TypeParam> changed(lock);
        int ready = 0;
        int got = 0;
        const auto take = [&]() -> task<> {
            co_await lock.async_lock();
            co_await changed.async_wait([&] { return ready > 0; });
            --ready;
            ++got;
            lock.unlock();
        };
        at_once({[&] { checked::on_loop({take, take}); },
                 [&] {
                     const std::lock_guard hold(lock);
                     ready = 2;
                     changed.notify_all();
                 }});
        check::require(got == 2 && ready == 0);
    });
}

TYPED_TEST(checked_condition, CV03_a_notification_wakes_as_many_as_it_says_and_is_lost_where_nobody_waits) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam lock;
        condition<TypeParam> changed(lock);
        event all_in;
        int in = 0;
        int woken = 0;
        const auto wait = [&]() -> act {
            co_await as.lock(lock);
            const std::lock_guard hold(lock, std::adopt_lock);
            if (++in == 3) all_in.set();
            co_await as.wait(changed);
            ++woken;
        };
        {
            const std::lock_guard hold(lock);
            check::require(changed.notify(3) == 0);
        }
        as.run({wait, wait, wait, [&]() -> act {
                    co_await as.wait(all_in);
                    co_await as.lock(lock);
                    check::require(changed.notify(2) == 2);
                    lock.unlock();
                    co_await as.lock(lock);
                    check::require(woken <= 2);
                    check::require(changed.notify_all() == 1);
                    lock.unlock();
                }});
        check::require(woken == 3);
    });
}

TYPED_TEST(checked_condition, CV06_a_waiter_that_has_timed_out_uses_up_no_notification) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam lock;
        condition<TypeParam> changed(lock);
        event both_in;
        event limited_is_over;
        int in = 0;
        bool limited_was_told = false;
        const auto wait = [&](deadline until) -> act {
            co_await as.lock(lock);
            const std::lock_guard hold(lock, std::adopt_lock);
            if (++in == 2) both_in.set();
            const bool told = co_await as.wait_until(changed, until);
            if (until.is_never()) co_return;
            limited_was_told = told;
            limited_is_over.set();
        };
        as.run({[&] { return wait(deadline::after(milliseconds(1))); },
                [&] { return wait(deadline::never()); },
                [&]() -> act {
                    co_await as.wait(both_in);
                    co_await as.lock(lock);
                    check::require(changed.notify(1) == 1);
                    lock.unlock();
                    co_await as.wait(limited_is_over);
                    co_await as.lock(lock);
                    if (limited_was_told) check::require(changed.notify(1) == 1);
                    lock.unlock();
                }});
    });
}

TYPED_TEST(checked_condition, AC01_a_waiter_notified_and_cancelled_at_once_loses_no_notification) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam lock;
        condition<TypeParam> changed(lock);
        event both_in;
        event first_is_over;
        stop_of_one stop(as);
        int in = 0;
        int told = 0;
        bool stopped = false;
        const auto wait = [&]() -> act {
            co_await as.lock(lock);
            const std::lock_guard hold(lock, std::adopt_lock);
            if (++in == 2) both_in.set();
            co_await as.wait(changed);
            ++told;
        };
        const auto first = [&]() -> act {
            stop.begin();
            try {
                co_await wait();
            } catch (const cancelled&) {
                stopped = true;
            }
            first_is_over.set();
            co_await stop.end();
        };
        as.run({first, wait,
                [&]() -> act {
                    co_await as.wait(both_in);
                    co_await stop.request();
                },
                [&]() -> act {
                    co_await as.wait(both_in);
                    co_await as.lock(lock);
                    check::require(changed.notify(1) == 1);
                    lock.unlock();
                    co_await as.wait(first_is_over);
                    co_await as.lock(lock);
                    if (!stopped) changed.notify(1);
                    lock.unlock();
                }});
        check::require(told == (stopped ? 1 : 2));
    });
}

TYPED_TEST(checked_condition, AC02_who_is_cancelled_while_it_takes_the_lock_back_has_it_when_it_goes_on) {
    EXPECT_CORRECT([] {
        TypeParam lock;
        condition<TypeParam> changed(lock);
        int value = 0;
        const auto wait = [&]() -> task<> {
            co_await lock.async_lock();
            const std::lock_guard hold(lock, std::adopt_lock);
            try {
                co_await changed.async_wait();
            } catch (const cancelled&) {
                ++value;  // under the lock, or this is a race
                throw;
            }
            ++value;
        };
        const auto main = [&]() -> task<> {
            auto waits = spawn(wait());
            co_await checked::parked(&changed, 1);
            std::thread other([&] { waits.request_stop(); });
            std::thread notifier([&] {
                const std::lock_guard hold(lock);
                ++value;
                changed.notify(1);
            });
            try {
                co_await waits;
            } catch (const cancelled&) {
            }
            other.join();
            notifier.join();
            co_await lock.async_lock();
            check::require(value == 2);
            lock.unlock();
        };
        heddle::run(main());
    });
}

TEST(checked_condition_of_a_lock, CV02_a_wait_gives_up_all_levels_of_a_recursive_lock_and_takes_them_back) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        recursive_mutex lock;
        condition changed(lock);
        bool open = false;
        const auto pass = [&]() -> act {
            co_await as.lock(lock);
            co_await as.lock(lock);
            co_await as.wait(changed, [&] { return open; });
            check::require(lock.depth() == 2);
            lock.unlock();
            check::require(open);
            lock.unlock();
            check::require([&] {
                try {
                    lock.unlock();
                    return false;
                } catch (const not_owner&) {
                    return true;
                }
            }());
        };
        as.run({pass, pass, [&]() -> act {
                    co_await as.lock(lock);
                    open = true;
                    changed.notify_all();
                    lock.unlock();
                }});
    });
}

TEST(checked_condition_of_a_lock, one_notification_for_two_is_found) {
    EXPECT_FOUND("deadlock", [] {
        mutex lock;
        condition changed(lock);
        bool open = false;
        const auto pass = [&] {
            const std::lock_guard hold(lock);
            changed.wait([&] { return open; });
        };
        at_once({pass, pass, [&] {
                     const std::lock_guard hold(lock);
                     open = true;
                     changed.notify_one();
                 }});
    });
}

template <class Lock> class checked_monitor : public ::testing::Test {};
TYPED_TEST_SUITE(checked_monitor, locks);

TYPED_TEST(checked_monitor, who_waits_for_a_state_gets_it) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        monitor<int, TypeParam> level;
        int got = 0;
        const auto take = [&](int n) {
            level.when([n](int value) { return value >= n; }).with([&, n](int& value) {
                value -= n;
                got += n;
            });
        };
        run({[&] { take(1); }, [&] { take(2); }, [&] { level.with([](int& value) { value += 2; }); },
             [&] { level.with([](int& value) { ++value; }); }});
        check::require(got == 3 && level.copy() == 0);
    });
}

TYPED_TEST(checked_monitor, a_wait_that_ends_without_the_state_keeps_it_from_nobody) {
    EXPECT_CORRECT([] {
        monitor<int, TypeParam> level;
        const auto some = [](int value) { return value > 0; };
        std::atomic<int> got{0};
        const auto take = [&](int& value) {
            --value;
            ++got;
        };
        {
            stoppable_thread stopped([&] { checked::cancelled_in([&] { level.when(some).with(take); }); });
            at_once({[&] { (void)level.when(some).with_for(milliseconds(1), take); },
                     [&] { level.with([](int& value) { value = 3; }); }, [&] { level.when(some).with(take); },
                     [&] { stopped.request_stop(); }});
        }
        check::require(level.copy() == 3 - got);
        level.with([](int&) {});  // free, and nobody in the queue
    });
}

TYPED_TEST(checked_monitor, joins_threads_and_coroutines) {
    EXPECT_CORRECT([] {
        monitor<int, TypeParam> turn;
        const auto main = [&]() -> task<> {
            for (int i = 0; i < 2; ++i)
                co_await turn.when([](int t) { return t % 2 == 0; }).async_with([](int& t) { ++t; });
        };
        at_once({[&] { heddle::run(main()); },
                 [&] {
                     for (int i = 0; i < 2; ++i)
                         turn.when([](int t) { return t % 2 == 1; }).with([](int& t) { ++t; });
                 }});
        check::require(turn.copy() == 4);
    });
}

}  // namespace
