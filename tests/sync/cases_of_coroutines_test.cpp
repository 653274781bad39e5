// SPDX-License-Identifier: BSL-1.0
// The cases of semantics.txt that are about threads, once more with coroutines of one loop. Those about
// coroutines (AL, AC, AQ …) are with each primitive.
#include <gtest/gtest.h>
#include <functional>
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/semaphore.hpp>
#include <mutex>
#include <set>
#include "coroutines.hpp"
#include "queues.hpp"

using namespace std::chrono_literals;
using heddle::queue_status;
using heddle::task;
using sync_tests::deadline;
using sync_tests::parked;

namespace {

using coroutines = std::vector<std::function<task<>()>>;

// Each as a task of one loop, in this order.
void run_all(coroutines work) {
    const auto main = [&]() -> task<> {
        std::vector<heddle::future<>> running;
        for (const auto& f : work) running.push_back(heddle::spawn(f()));
        for (const auto& f : running) co_await f;
    };
    heddle::run(main());
}

deadline soon() {
    return deadline::after(1ms);
}

}  // namespace

TEST(of_coroutines, LK01_LK02_a_lock_is_as_before_for_who_gave_up_and_another_may_release_it) {
    heddle::mutex m;
    run_all({[&]() -> task<> { co_await m.async_lock(); },
             [&]() -> task<> {
                 EXPECT_FALSE(co_await m.async_lock(soon()));
                 EXPECT_FALSE(co_await m.async_lock(deadline::after(-1h)));
                 m.unlock();
                 EXPECT_TRUE(co_await m.async_lock(deadline::after(1h)));
                 m.unlock();
                 EXPECT_THROW(m.unlock(), heddle::not_owner);
             }});
}

TEST(of_coroutines, LK03_a_recursive_lock_belongs_to_the_task) {
    heddle::recursive_mutex m;
    heddle::latch tried(1);
    run_all({[&]() -> task<> {
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

TEST(of_coroutines, CV02_waiting_gives_up_both_levels_and_takes_them_back) {
    heddle::recursive_mutex m;
    heddle::condition changed(m);
    run_all({[&]() -> task<> {
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

TEST(of_coroutines, CV03_notify_three_wakes_exactly_three_of_five) {
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
    run_all(std::move(work));
    EXPECT_EQ(woken, 5);
}

TEST(of_coroutines, CV04_CV05_a_wait_that_timed_out_has_the_lock_and_what_the_predicate_gave_last) {
    heddle::mutex m;
    heddle::condition changed(m);
    run_all({[&]() -> task<> {
        co_await m.async_lock();
        int asked = 0;
        EXPECT_FALSE(co_await changed.async_wait(soon()));
        EXPECT_FALSE(m.try_lock());
        EXPECT_FALSE(co_await changed.async_wait(soon(), [&] { return ++asked > 100; }));
        EXPECT_EQ(asked, 2);
        m.unlock();
    }});
}

TEST(of_coroutines, CV06_who_timed_out_takes_no_notification_from_others) {
    heddle::mutex m;
    heddle::condition changed(m);
    bool woken = false;
    run_all({[&]() -> task<> {
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

TEST(of_coroutines, SE01_SE02_release_lets_as_many_go_and_never_more_than_the_bound) {
    heddle::bounded_semaphore s(3);
    int through = 0;
    coroutines work(5, [&]() -> task<> {
        co_await s.async_acquire();
        ++through;
    });
    work.push_back([&]() -> task<> {
        co_await parked(&s, 2);
        EXPECT_EQ(through, 3);
        s.release(2);
        co_await sync_tests::settle();
        EXPECT_EQ(through, 5);
        EXPECT_THROW(s.release(4), heddle::error);
        EXPECT_FALSE(s.try_acquire());
        s.release(3);
        EXPECT_THROW(s.release(), heddle::error);
    });
    run_all(std::move(work));
}

TEST(of_coroutines, BA01_BA02_gives_each_an_index_once_and_calls_the_action_first) {
    int rounds = 0;
    heddle::barrier b(3, {.action = [&] { ++rounds; }});
    std::multiset<std::size_t> seen;
    run_all(coroutines(3, [&]() -> task<> {
        for (int i = 1; i <= 3; ++i) {
            seen.insert(co_await b.async_wait());
            EXPECT_GE(rounds, i);
        }
    }));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(seen.count(i), 3U);
}

TEST(of_coroutines, BA03_of_an_action_that_throws_one_hears_and_the_others_of_the_end) {
    heddle::barrier b(3, {.action = [] { throw std::logic_error("the action"); }});
    int threw = 0;
    int broken = 0;
    run_all(coroutines(3, [&]() -> task<> {
        try {
            co_await b.async_wait();
        } catch (const std::logic_error&) {
            ++threw;
        } catch (const heddle::broken_barrier&) {
            ++broken;
        }
    }));
    EXPECT_EQ(threw, 1);
    EXPECT_EQ(broken, 2);
}

TEST(of_coroutines, BA04_BA05_one_who_gives_up_breaks_it_for_all_until_it_is_reset) {
    heddle::barrier b(3);
    int broken = 0;
    const auto party = [&](deadline until) -> task<> {
        try {
            co_await b.async_wait(until);
        } catch (const heddle::broken_barrier&) {
            ++broken;
        }
    };
    run_all({[&] { return party(soon()); }, [&] { return party(deadline::never()); }});
    EXPECT_EQ(broken, 2);
    EXPECT_TRUE(b.broken());
    b.reset();
    run_all(coroutines(3, [&] { return party(deadline::never()); }));
    EXPECT_EQ(broken, 2);
}

TEST(of_coroutines, QU01_QU02_queues_give_up_at_their_deadline_and_join_waits_for_what_is_dealt_with) {
    heddle::queue<int> q(1);
    heddle::latch full(1);
    int done = 0;
    run_all({[&]() -> task<> {
                 EXPECT_EQ((co_await q.async_get(soon())).status(), queue_status::timed_out);
                 EXPECT_TRUE(co_await q.async_put(1));
                 EXPECT_EQ((co_await q.async_put(soon(), 2)).status(), queue_status::timed_out);
                 full.count_down();
                 co_await q.async_join();
                 EXPECT_EQ(done, 1);
                 EXPECT_THROW(q.task_done(), heddle::error);
             },
             [&]() -> task<> {
                 co_await full.async_wait();
                 EXPECT_EQ(*(co_await q.async_get()), 1);
                 co_await heddle::sleep(5ms);
                 ++done;
                 q.task_done();
             }});
}
