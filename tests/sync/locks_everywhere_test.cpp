// SPDX-License-Identifier: BSL-1.0
// Locks and conditions, by threads, by fibers and by coroutines.
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/lock_all.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <mutex>
#include <shared_mutex>
#include "everywhere.hpp"

using namespace std::chrono_literals;
using heddle::task;
using sync_tests::coroutines;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::run_coroutines;
using sync_tests::soon;

using locks_everywhere = sync_tests::everywhere;
INSTANTIATE_TEST_SUITE_P(by, locks_everywhere, sync_tests::ways, sync_tests::name_of);

TEST_P(locks_everywhere, LK01_another_task_may_release_a_lock) {
    heddle::mutex m;
    heddle::event held;
    run({[&] {
             m.lock();
             held.set();
         },
         [&] {
             held.wait();
             m.unlock();
             EXPECT_THROW(m.unlock(), heddle::not_owner);
         }});
    EXPECT_TRUE(m.try_lock());
    m.unlock();
}

TEST_P(locks_everywhere, LK02_a_lock_is_as_before_for_who_gave_up) {
    heddle::mutex m;
    heddle::event held;
    heddle::event tried;
    run({[&] {
             std::lock_guard guard(m);
             held.set();
             tried.wait();
         },
         [&] {
             held.wait();
             EXPECT_FALSE(m.try_lock_for(1ms));
             EXPECT_FALSE(m.try_lock_for(-1h));
             tried.set();
             EXPECT_TRUE(m.try_lock_for(1h));
             m.unlock();
         }});
}

TEST_P(locks_everywhere, LK03_a_recursive_lock_belongs_to_the_task_and_not_to_its_thread) {
    heddle::recursive_mutex m;
    heddle::event held;
    heddle::event tried;
    run({[&] {
             m.lock();
             m.lock();
             held.set();
             tried.wait();
             m.unlock();
             m.unlock();
             EXPECT_THROW(m.unlock(), heddle::not_owner);
         },
         [&] {
             held.wait();
             EXPECT_FALSE(m.try_lock());
             EXPECT_FALSE(m.owned());
             EXPECT_EQ(m.depth(), 0U);
             EXPECT_THROW(m.unlock(), heddle::not_owner);
             tried.set();
             std::lock_guard guard(m);
         }});
}

TEST_P(locks_everywhere, readers_share_and_a_writer_is_alone) {
    heddle::shared_mutex m;
    int value = 0;
    int readers = 0;
    heddle::mutex counting;
    const auto read = [&] {
        std::shared_lock guard(m);
        {
            std::lock_guard count(counting);
            ++readers;
        }
        until([&] {
            std::lock_guard count(counting);
            return readers == 2;
        });
        EXPECT_EQ(value, 0);
    };
    run({read, read, [&] {
             until([&] {
                 std::lock_guard count(counting);
                 return readers == 2;
             });
             std::unique_lock guard(m);
             value = 1;
         }});
    EXPECT_EQ(value, 1);
}

TEST_P(locks_everywhere, several_locks_are_taken_without_a_deadlock) {
    heddle::mutex a;
    heddle::mutex b;
    int sum = 0;
    const auto forwards = [&] {
        for (int i = 0; i < 50; ++i) {
            const auto guard = heddle::lock_all(a, b);
            ++sum;
            heddle::rt::sleep_for(0s);
        }
    };
    const auto backwards = [&] {
        for (int i = 0; i < 50; ++i) {
            const auto guard = heddle::lock_all(b, a);
            ++sum;
            heddle::rt::sleep_for(0s);
        }
    };
    run({forwards, backwards, forwards});
    EXPECT_EQ(sum, 150);
}

// ---- condition

TEST_P(locks_everywhere, CV01_without_the_lock_it_is_an_error) {
    heddle::recursive_mutex m;
    heddle::condition changed(m);
    run({[&] {
        EXPECT_THROW(changed.wait(), heddle::not_owner);
        EXPECT_THROW(changed.notify(), heddle::not_owner);
        EXPECT_THROW(changed.notify_all(), heddle::not_owner);
    }});
}

TEST_P(locks_everywhere, CV02_waiting_gives_up_both_levels_and_takes_them_back) {
    heddle::recursive_mutex m;
    heddle::condition changed(m);
    bool ready = false;
    run(
        1, &changed,
        [&] {
            std::lock_guard outer(m);
            std::unique_lock inner(m);
            changed.wait([&] { return ready; });
            inner.unlock();
            m.unlock();
            EXPECT_THROW(m.unlock(), heddle::not_owner);
            m.lock();
        },
        [&] {
            std::lock_guard guard(m);
            ready = true;
            changed.notify_one();
        });
}

TEST_P(locks_everywhere, CV03_notify_three_wakes_exactly_three_of_five) {
    heddle::mutex m;
    heddle::condition changed(m);
    int woken = 0;
    run(
        5, &changed,
        [&] {
            std::lock_guard guard(m);
            EXPECT_TRUE(changed.wait_for(1h));
            ++woken;
        },
        [&] {
            {
                std::lock_guard guard(m);
                EXPECT_EQ(changed.notify(3), 3U);
            }
            until([&] {
                std::lock_guard guard(m);
                return woken == 3;
            });
            std::lock_guard guard(m);
            EXPECT_EQ(changed.n_waiting(), 2U);
            EXPECT_EQ(changed.notify_all(), 2U);
        });
    EXPECT_EQ(woken, 5);
}

TEST_P(locks_everywhere, CV04_CV05_a_wait_that_timed_out_has_the_lock_and_what_the_predicate_gave_last) {
    heddle::mutex m;
    heddle::condition changed(m);
    run({[&] {
        m.lock();
        int asked = 0;
        EXPECT_FALSE(changed.wait_for(1ms));
        EXPECT_FALSE(m.try_lock());
        EXPECT_FALSE(changed.wait_for(1us, [&] { return ++asked > 100; }));
        EXPECT_EQ(asked, 2);
        m.unlock();
    }});
}

TEST_P(locks_everywhere, CV06_who_timed_out_takes_no_notification_from_others) {
    heddle::mutex m;
    heddle::condition changed(m);
    bool patient_woken = false;
    heddle::latch gone(1);
    run({[&] {
             std::lock_guard guard(m);
             EXPECT_FALSE(changed.wait_for(1ms));
             gone.count_down();
         },
         [&] {
             std::lock_guard guard(m);
             patient_woken = changed.wait_for(1h);
         },
         [&] {
             gone.wait();
             all_wait(&changed, 1);
             std::lock_guard guard(m);
             EXPECT_EQ(changed.notify(), 1U);
         }});
    EXPECT_TRUE(patient_woken);
}

// ---- by coroutines of one loop

TEST(locks_everywhere_by_coroutines,
     LK01_LK02_a_lock_is_as_before_for_who_gave_up_and_another_may_release_it) {
    heddle::mutex m;
    run_coroutines({[&]() -> task<> { co_await m.async_lock(); },
                    [&]() -> task<> {
                        EXPECT_FALSE(co_await m.async_lock(soon()));
                        EXPECT_FALSE(co_await m.async_lock(deadline::after(-1h)));
                        m.unlock();
                        EXPECT_TRUE(co_await m.async_lock(deadline::after(1h)));
                        m.unlock();
                        EXPECT_THROW(m.unlock(), heddle::not_owner);
                    }});
}

TEST(locks_everywhere_by_coroutines, LK03_a_recursive_lock_belongs_to_the_task) {
    heddle::recursive_mutex m;
    heddle::latch tried(1);
    run_coroutines({[&]() -> task<> {
                        co_await m.async_lock();
                        co_await m.async_lock();
                        co_await tried.async_wait();
                        m.unlock();
                        m.unlock();
                        EXPECT_THROW(m.unlock(), heddle::not_owner);
                    },
                    [&]() -> task<> {
                        EXPECT_FALSE(m.try_lock());
                        EXPECT_THROW(m.unlock(), heddle::not_owner);
                        tried.count_down();
                        co_await m.async_lock();
                        m.unlock();
                    }});
}

TEST(locks_everywhere_by_coroutines, CV01_without_the_lock_it_is_an_error) {
    heddle::recursive_mutex m;
    heddle::condition changed(m);
    run_coroutines({[&]() -> task<> {
        bool told = false;
        try {
            co_await changed.async_wait();
        } catch (const heddle::not_owner&) {
            told = true;
        }
        EXPECT_TRUE(told);
        EXPECT_THROW(changed.notify(), heddle::not_owner);
        EXPECT_THROW(changed.notify_all(), heddle::not_owner);
    }});
}

TEST(locks_everywhere_by_coroutines, CV02_waiting_gives_up_both_levels_and_takes_them_back) {
    heddle::recursive_mutex m;
    heddle::condition changed(m);
    run_coroutines({[&]() -> task<> {
                        co_await m.async_lock();
                        co_await m.async_lock();
                        co_await changed.async_wait();
                        EXPECT_EQ(m.depth(), 2U);
                        EXPECT_FALSE(co_await changed.async_wait(soon()));
                        EXPECT_EQ(m.depth(), 2U);
                        m.unlock();
                        m.unlock();
                    },
                    [&]() -> task<> {
                        co_await parked(&changed, 1);
                        co_await m.async_lock();
                        changed.notify_one();
                        m.unlock();
                    }});
}

TEST(locks_everywhere_by_coroutines, CV03_notify_three_wakes_exactly_three_of_five) {
    heddle::mutex m;
    heddle::condition changed(m);
    int woken = 0;
    coroutines work(5, [&]() -> task<> {
        co_await m.async_lock();
        EXPECT_TRUE(co_await changed.async_wait(deadline::after(1h)));
        ++woken;
        m.unlock();
    });
    work.push_back([&]() -> task<> {
        co_await parked(&changed, 5);
        co_await m.async_lock();
        EXPECT_EQ(changed.notify(3), 3U);
        m.unlock();
        co_await sync_tests::settle();
        EXPECT_EQ(woken, 3);
        co_await m.async_lock();
        EXPECT_EQ(changed.notify_all(), 2U);
        m.unlock();
    });
    run_coroutines(std::move(work));
    EXPECT_EQ(woken, 5);
}

TEST(locks_everywhere_by_coroutines,
     CV04_CV05_a_wait_that_timed_out_has_the_lock_and_what_the_predicate_gave_last) {
    heddle::mutex m;
    heddle::condition changed(m);
    run_coroutines({[&]() -> task<> {
        co_await m.async_lock();
        int asked = 0;
        EXPECT_FALSE(co_await changed.async_wait(soon()));
        EXPECT_FALSE(m.try_lock());
        EXPECT_FALSE(co_await changed.async_wait(soon(), [&] { return ++asked > 100; }));
        EXPECT_EQ(asked, 2);
        m.unlock();
    }});
}

TEST(locks_everywhere_by_coroutines, CV06_who_timed_out_takes_no_notification_from_others) {
    heddle::mutex m;
    heddle::condition changed(m);
    bool woken = false;
    run_coroutines({[&]() -> task<> {
                        co_await m.async_lock();
                        EXPECT_FALSE(co_await changed.async_wait(soon()));
                        EXPECT_EQ(changed.notify(), 1U);
                        m.unlock();
                    },
                    [&]() -> task<> {
                        co_await m.async_lock();
                        woken = co_await changed.async_wait(deadline::after(1h));
                        m.unlock();
                    }});
    EXPECT_TRUE(woken);
}
