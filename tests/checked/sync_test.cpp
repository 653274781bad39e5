// SPDX-License-Identifier: BSL-1.0
// heddle's own locks and waits in many orders. What is planted is a bug of the kind that each is there to
// prevent.
#include <deque>
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/once.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <mutex>
#include <shared_mutex>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using std::chrono::milliseconds;

template <class Lock> void count_under_it() {
    Lock lock;
    int value = 0;
    const auto add = [&] {
        for (int i = 0; i < 2; ++i) {
            const std::lock_guard hold(lock);
            ++value;
        }
    };
    at_once({add, add, add});
    check::require(value == 6);
}

TEST(checked_mutex, excludes) {
    EXPECT_CORRECT(count_under_it<mutex>);
}
TEST(checked_recursive_mutex, excludes) {
    EXPECT_CORRECT(count_under_it<recursive_mutex>);
}
TEST(checked_fair_mutex, excludes) {
    EXPECT_CORRECT(count_under_it<fair_mutex>);
}
TEST(checked_priority_mutex, excludes) {
    EXPECT_CORRECT(count_under_it<priority_mutex>);
}
TEST(checked_shared_mutex, excludes) {
    EXPECT_CORRECT(count_under_it<shared_mutex>);
}

TEST(checked_mutex, a_wait_with_a_limit_leaves_it_usable) {
    EXPECT_CORRECT([] {
        mutex lock;
        int value = 0;
        const auto try_it = [&] {
            if (lock.try_lock_for(milliseconds(1))) {
                ++value;
                lock.unlock();
            }
        };
        at_once({try_it, try_it, [&] {
                     const std::lock_guard hold(lock);
                     ++value;
                 }});
        const std::lock_guard hold(lock);
        check::require(value >= 1 && value <= 3);
    });
}

TEST(checked_mutex, two_in_different_orders_are_found) {
    EXPECT_FOUND("deadlock", [] {
        mutex a;
        mutex b;
        at_once({[&] {
                     const std::lock_guard first(a);
                     const std::lock_guard second(b);
                 },
                 [&] {
                     const std::lock_guard first(b);
                     const std::lock_guard second(a);
                 }});
    });
}

TEST(checked_shared_mutex, readers_see_whole_writes) {
    EXPECT_CORRECT([] {
        shared_mutex lock;
        int a = 0;
        int b = 0;
        at_once({[&] {
                     const std::lock_guard hold(lock);
                     ++a;
                     ++b;
                 },
                 [&] {
                     const std::shared_lock hold(lock);
                     check::require(a == b);
                 },
                 [&] {
                     const std::shared_lock hold(lock);
                     check::require(a == b);
                 }});
    });
}

TEST(checked_shared_mutex, a_write_under_a_read_lock_is_found) {
    EXPECT_FOUND("data race", [] {
        shared_mutex lock;
        int value = 0;
        const auto write = [&] {
            const std::shared_lock hold(lock);
            ++value;
        };
        at_once({write, write});
    });
}

TEST(checked_semaphore, lets_so_many_through) {
    EXPECT_CORRECT([] {
        semaphore permits(1);
        int value = 0;
        const auto add = [&] {
            permits.acquire();
            ++value;
            permits.release();
        };
        at_once({add, add, add});
        check::require(value == 3);
    });
}

TEST(checked_semaphore, a_permit_too_many_is_found) {
    EXPECT_FOUND("data race", [] {
        semaphore permits(2);
        int value = 0;
        const auto add = [&] {
            permits.acquire();
            ++value;
            permits.release();
        };
        at_once({add, add});
    });
}

TEST(checked_event, what_was_set_before_is_seen) {
    EXPECT_CORRECT([] {
        event ready;
        int value = 0;
        at_once({[&] {
                     value = 42;
                     ready.set();
                 },
                 [&] {
                     ready.wait();
                     check::require(value == 42);
                 }});
    });
}

TEST(checked_event, one_that_nobody_sets_is_found) {
    EXPECT_FOUND("deadlock", [] {
        event ready;
        std::atomic<bool> wanted{false};
        at_once({[&] { wanted = true; },
                 [&] {
                     if (wanted) return;
                     ready.wait();
                 }});
    });
}

TEST(checked_latch, everybody_arrives) {
    EXPECT_CORRECT([] {
        latch all(2);
        int a = 0;
        int b = 0;
        at_once({[&] {
                     a = 1;
                     all.arrive_and_wait();
                     check::require(b == 1);
                 },
                 [&] {
                     b = 1;
                     all.arrive_and_wait();
                     check::require(a == 1);
                 }});
    });
}

TEST(checked_once, runs_once_and_others_see_it) {
    EXPECT_CORRECT([] {
        once first;
        int value = 0;
        const auto use = [&] {
            first.call([&] { ++value; });
            check::require(value == 1);
        };
        at_once({use, use, use});
    });
}

TEST(checked_condition, hands_over_what_it_announces) {
    EXPECT_CORRECT([] {
        mutex lock;
        condition changed(lock);
        std::deque<int> items;
        int sum = 0;
        const auto take = [&] {
            std::unique_lock hold(lock);
            changed.wait([&] { return !items.empty(); });
            sum += items.front();
            items.pop_front();
        };
        at_once({take, take, [&] {
                     for (int i = 1; i <= 2; ++i) {
                         const std::lock_guard hold(lock);
                         items.push_back(i);
                         changed.notify_one();
                     }
                 }});
        check::require(sum == 3);
    });
}

TEST(checked_condition, one_wake_up_for_two_is_found) {
    EXPECT_FOUND("deadlock", [] {
        mutex lock;
        condition changed(lock);
        bool open = false;
        const auto pass = [&] {
            std::unique_lock hold(lock);
            changed.wait([&] { return open; });
        };
        at_once({pass, pass, [&] {
                     const std::lock_guard hold(lock);
                     open = true;
                     changed.notify_one();
                 }});
    });
}

}  // namespace
