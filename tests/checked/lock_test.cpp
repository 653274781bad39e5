// SPDX-License-Identifier: BSL-1.0
// heddle's locks in many orders, for threads, fibers and coroutines. What is planted is a bug of the kind
// that each is there to prevent. What is enough to find a bug that is planted in the locks themselves is in
// planted/lock_scenarios.cpp, and explored without the bug as well.
#include <heddle/sync/event.hpp>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/lock_all.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <mutex>
#include <shared_mutex>

#include "forms.hpp"

namespace {

using namespace heddle;
using checked::act;
using checked::at_once;
using checked::form;
using checked::stop_of_one;
using checked::way;
using rt::deadline;
using std::chrono::milliseconds;

template <class Lock> class checked_lock : public ::testing::Test {};
using locks = ::testing::Types<mutex, recursive_mutex, fair_mutex, priority_mutex, shared_mutex>;
TYPED_TEST_SUITE(checked_lock, locks);

TYPED_TEST(checked_lock, lets_one_in_at_a_time) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        TypeParam lock;
        int value = 0;
        const auto add = [&] {
            for (int i = 0; i < 2; ++i) {
                const std::lock_guard hold(lock);
                ++value;
            }
        };
        run({add, add, add});
        check::require(value == 6);
    });
}

TYPED_TEST(checked_lock, lets_one_coroutine_in_at_a_time_and_a_thread_besides) {
    EXPECT_CORRECT([] {
        TypeParam lock;
        int value = 0;
        const auto add = [&]() -> task<> {
            for (int i = 0; i < 2; ++i) {
                co_await lock.async_lock();
                const int before = value;
                co_await yield();
                value = before + 1;
                lock.unlock();
            }
        };
        at_once({[&] { checked::on_loop({add, add}); },
                 [&] {
                     const std::lock_guard hold(lock);
                     ++value;
                 }});
        check::require(value == 5);
    });
}

TYPED_TEST(checked_lock, LK02_a_wait_that_times_out_leaves_it_usable) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        TypeParam lock;
        int value = 0;
        const auto try_it = [&] {
            if (!lock.try_lock_for(milliseconds(1))) return;
            ++value;
            lock.unlock();
        };
        run({try_it, try_it, [&] {
                 const std::lock_guard hold(lock);
                 ++value;
             }});
        check::require(lock.try_lock());
        check::require(value >= 1 && value <= 3);
        lock.unlock();
    });
}

// The grant and the request may meet at any moment; then whoever has the grant keeps it or the next one has
// it.
TYPED_TEST(checked_lock, AL01_of_who_is_cancelled_at_the_hand_over_it_goes_to_the_next) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam lock;
        event held;
        event both_wait;
        stop_of_one stop(as);
        int in = 0;
        bool stopped = false;
        as.run({[&]() -> act {
                    stop.begin();
                    co_await as.wait(held);
                    try {
                        if (co_await as.lock_until(lock, deadline::never())) {
                            ++in;
                            lock.unlock();
                        }
                    } catch (const cancelled&) {
                        stopped = true;
                    }
                    co_await stop.end();
                },
                [&]() -> act {
                    co_await as.wait(held);
                    co_await as.lock(lock);
                    ++in;
                    lock.unlock();
                },
                [&]() -> act {
                    co_await as.lock(lock);
                    held.set();
                    co_await as.parked(&lock, 2);
                    both_wait.set();
                    lock.unlock();
                },
                [&]() -> act {
                    co_await as.wait(both_wait);
                    co_await stop.request();
                }});
        check::require(in == (stopped ? 1 : 2) && !lock.locked());
    });
}

TYPED_TEST(checked_lock, AL02_cancelling_the_first_and_unlocking_lets_exactly_one_other_in) {
    EXPECT_CORRECT([] {
        TypeParam lock;
        int in = 0;
        const auto use = [&]() -> task<> {
            co_await lock.async_lock();
            check::require(++in == 1);
            co_await yield();
            --in;
            lock.unlock();
        };
        const auto main = [&]() -> task<> {
            co_await lock.async_lock();
            std::vector<future<>> all;
            for (int i = 0; i < 3; ++i) all.push_back(spawn(use()));
            co_await checked::parked(&lock, 3);
            all[0].request_stop();
            lock.unlock();
            bool stopped = false;
            try {
                co_await all[0];
            } catch (const cancelled&) {
                stopped = true;
            }
            check::require(stopped);
            co_await all[1];
            co_await all[2];
            check::require(!lock.locked());
        };
        heddle::run(main());
    });
}

TYPED_TEST(checked_lock, who_gets_it_sees_what_was_written_under_it_also_by_try_lock) {
    EXPECT_CORRECT([] {
        TypeParam lock;
        int a = 0;
        int b = 0;
        at_once({[&] {
                     const std::lock_guard hold(lock);
                     ++a;
                     ++b;
                 },
                 [&] {
                     if (!lock.try_lock()) return;
                     check::require(a == b);
                     lock.unlock();
                 }});
    });
}

template <class Lock> class checked_lock_of_nobody : public ::testing::Test {};
using locks_of_nobody = ::testing::Types<mutex, fair_mutex, priority_mutex, shared_mutex>;
TYPED_TEST_SUITE(checked_lock_of_nobody, locks_of_nobody);

TYPED_TEST(checked_lock_of_nobody, LK01_another_task_may_unlock_it) {
    EXPECT_CORRECT([] {
        TypeParam lock;
        int value = 0;
        lock.lock();
        at_once({[&] {
                     value = 1;
                     lock.unlock();
                 },
                 [&] {
                     const std::lock_guard hold(lock);
                     check::require(value == 1);
                 }});
        bool told = false;
        try {
            lock.unlock();
        } catch (const not_owner&) {
            told = true;
        }
        check::require(told);
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

TEST(checked_lock_all, in_two_orders_locks_both_or_waits) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        mutex a;
        fair_mutex b;
        int value = 0;
        const auto add = [&](auto& first, auto& second) -> act {
            for (int i = 0; i < 2; ++i) {
                const auto hold = co_await as.lock_all(first, second);
                ++value;
            }
        };
        as.run({[&] { return add(a, b); }, [&] { return add(b, a); }});
        check::require(value == 4 && !a.locked() && !b.locked());
    });
}

TEST(checked_lock_all, leaves_nothing_locked_if_it_is_cancelled) {
    EXPECT_CORRECT([] {
        mutex a;
        mutex b;
        int in = 0;
        const auto use = [&]() -> task<> {
            const auto hold = co_await async_lock_all(a, b);
            ++in;
        };
        const auto main = [&]() -> task<> {
            co_await a.async_lock();
            auto first = spawn(use());
            auto second = spawn(use());
            co_await checked::parked(&a, 2);
            std::thread asks([&] { first.request_stop(); });
            a.unlock();
            bool stopped = false;
            try {
                co_await first;
            } catch (const cancelled&) {
                stopped = true;
            }
            co_await second;
            asks.join();
            check::require(in == (stopped ? 1 : 2) && !a.locked() && !b.locked());
        };
        heddle::run(main());
    });
}

TEST(checked_recursive_mutex, LK03_belongs_to_its_owner_through_all_levels) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        recursive_mutex lock;
        int value = 0;
        const auto use = [&]() -> act {
            co_await as.lock(lock);
            const int before = value;
            co_await as.lock(lock);
            check::require(lock.depth() == 2);
            lock.unlock();
            check::require(value == before);
            ++value;
            lock.unlock();
        };
        as.run({use, use});
        check::require(value == 2);
        bool told = false;
        try {
            lock.unlock();
        } catch (const not_owner&) {
            told = true;
        }
        check::require(told);
    });
}

TEST(checked_fair_mutex, is_handed_over_in_the_order_of_asking) {
    EXPECT_CORRECT([] {
        fair_mutex lock;
        std::vector<int> order;
        const auto use = [&](int n) {
            const std::lock_guard hold(lock);
            order.push_back(n);
        };
        lock.lock();
        std::thread first([&] { use(1); });
        checked::until_parked(&lock, 1);
        std::thread second([&] { use(2); });
        checked::until_parked(&lock, 2);
        at_once({[&] { lock.unlock(); }, [&] { use(3); }});
        first.join();
        second.join();
        check::require(order[0] == 1 && order[1] == 2);
    });
}

TEST(checked_shared_mutex, readers_see_whole_writes) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        shared_mutex lock;
        int a = 0;
        int b = 0;
        const auto read = [&]() -> act {
            for (int i = 0; i < 2; ++i) {
                co_await as.lock_shared(lock);
                check::require(a == b);
                lock.unlock_shared();
            }
        };
        as.run({[&]() -> act {
                    co_await as.lock(lock);
                    ++a;
                    ++b;
                    lock.unlock();
                },
                read, read});
    });
}

TEST(checked_shared_mutex, readers_behind_a_writer_that_is_cancelled_come_in) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        shared_mutex lock;
        event read;
        event writer_waits;
        stop_of_one stop(as);
        int value = 0;
        as.run({[&]() -> act {
                    stop.begin();
                    co_await as.wait(read);
                    try {
                        if (co_await as.lock_until(lock, deadline::never())) {
                            ++value;
                            lock.unlock();
                        }
                    } catch (const cancelled&) {
                    }
                    co_await stop.end();
                },
                [&]() -> act {
                    co_await as.lock_shared(lock);
                    read.set();
                    co_await as.parked(&lock, 1);
                    writer_waits.set();
                    co_await as.parked(&lock, 2);
                    co_await stop.request();
                    lock.unlock_shared();
                },
                [&]() -> act {
                    co_await as.wait(writer_waits);
                    co_await as.lock_shared(lock);
                    check::require(value >= 0);
                    lock.unlock_shared();
                }});
        check::require(lock.try_lock());
        lock.unlock();
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

TEST(checked_shared_mutex, a_writer_that_becomes_a_reader_lets_no_other_writer_in_between) {
    EXPECT_CORRECT([] {
        shared_mutex lock;
        int value = 0;
        const auto write = [&] {
            const std::lock_guard hold(lock);
            ++value;
        };
        at_once({[&] {
                     lock.lock();
                     const int mine = ++value;
                     lock.downgrade();
                     check::require(value == mine);
                     lock.unlock_shared();
                 },
                 write,
                 [&] {
                     const std::shared_lock hold(lock);
                     check::require(value >= 0);
                 }});
        check::require(value == 2);
    });
}

TEST(checked_shared_mutex, of_two_readers_at_most_one_becomes_the_writer) {
    EXPECT_CORRECT([] {
        shared_mutex lock;
        int value = 0;
        int upgraded = 0;
        const auto use = [&] {
            lock.lock_shared();
            if (!lock.try_upgrade()) {
                lock.unlock_shared();
                return;
            }
            ++value;
            ++upgraded;
            lock.unlock();
        };
        at_once({use, use});
        check::require(value == upgraded);
        check::require(lock.try_lock());
        lock.unlock();
    });
}

}  // namespace
