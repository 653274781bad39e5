// SPDX-License-Identifier: BSL-1.0
// The cases of semantics.txt once more, done by fibers that share a thread, or two: who waits suspends, and
// who owns a lock is a task. Next to them the same by threads, from the same text.
#include <gtest/gtest.h>
#include <functional>
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/lock_all.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/once.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <heddle/sync/timer.hpp>
#include <mutex>
#include <numeric>
#include <set>
#include <shared_mutex>
#include "coroutines.hpp"
#include "queues.hpp"

using namespace std::chrono_literals;
using heddle::queue_status;

namespace {

using bodies = std::vector<std::function<void()>>;

void on_threads(bodies work) {
    std::vector<std::thread> group;
    for (auto& f : work) group.emplace_back(std::move(f));
    for (auto& t : group) t.join();
}
void on_fibers_of_two_threads(bodies work) {
    bodies halves[2];
    for (std::size_t i = 0; i < work.size(); ++i) halves[i % 2].push_back(std::move(work[i]));
    std::thread other([&] { sync_tests::run_fibers(std::move(halves[1])); });
    sync_tests::run_fibers(std::move(halves[0]));
    other.join();
}

struct way {
    const char* name;
    void (*run)(bodies);
};
struct everywhere : ::testing::TestWithParam<way> {
    static void run(bodies work) { GetParam().run(std::move(work)); }
    /// The same by `n` tasks, and `last` once all of them wait at `address`.
    static void run(std::size_t n, const void* address, const std::function<void()>& each,
                    const std::function<void()>& last) {
        bodies work(n, each);
        work.push_back([&] {
            all_wait(address, n);
            last();
        });
        run(std::move(work));
    }
    /// Suspends the caller, and does not hold up the others of its thread.
    static void all_wait(const void* address, std::size_t n) {
        until([=] { return heddle::rt::parking_lot::count(address) == n; });
    }
    template <class Condition> static void until(Condition done) {
        while (!done()) heddle::rt::sleep_for(20us);
    }
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(by, everywhere,
                         ::testing::Values(way{"threads", on_threads}, way{"fibers", sync_tests::run_fibers},
                                           way{"fibers_of_two_threads", on_fibers_of_two_threads}),
                         [](const auto& one) { return std::string(one.param.name); });

// ---- locks

TEST_P(everywhere, LK01_another_task_may_release_a_lock) {
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

TEST_P(everywhere, LK02_a_lock_is_as_before_for_who_gave_up) {
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

TEST_P(everywhere, LK03_a_recursive_lock_belongs_to_the_task_and_not_to_its_thread) {
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
             EXPECT_THROW(m.unlock(), heddle::not_owner);
             tried.set();
             std::lock_guard guard(m);
         }});
}

TEST_P(everywhere, readers_share_and_a_writer_is_alone) {
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

TEST_P(everywhere, several_locks_are_taken_without_a_deadlock) {
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

TEST_P(everywhere, CV01_without_the_lock_it_is_an_error) {
    heddle::recursive_mutex m;
    heddle::condition changed(m);
    run({[&] {
        EXPECT_THROW(changed.wait(), heddle::not_owner);
        EXPECT_THROW(changed.notify(), heddle::not_owner);
        EXPECT_THROW(changed.notify_all(), heddle::not_owner);
    }});
}

TEST_P(everywhere, CV02_waiting_gives_up_both_levels_and_takes_them_back) {
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

TEST_P(everywhere, CV03_notify_three_wakes_exactly_three_of_five) {
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

TEST_P(everywhere, CV04_CV05_a_wait_that_timed_out_has_the_lock_and_what_the_predicate_gave_last) {
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

TEST_P(everywhere, CV06_who_timed_out_takes_no_notification_from_others) {
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

// ---- semaphore, event, latch, once

TEST_P(everywhere, SE01_release_of_three_lets_three_go) {
    heddle::semaphore s(0);
    run(3, &s, [&] { s.acquire(); }, [&] { s.release(3); });
    EXPECT_FALSE(s.try_acquire());
}

TEST_P(everywhere, SE02_more_than_the_bound_is_an_error_and_changes_nothing) {
    heddle::bounded_semaphore s(3);
    run({[&] {
        s.acquire();
        s.acquire();
        EXPECT_THROW(s.release(3), heddle::error);
        s.release(2);
        EXPECT_THROW(s.release(), heddle::error);
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(s.try_acquire_for(0s));
        EXPECT_FALSE(s.try_acquire_for(1us));
    }});
}

TEST_P(everywhere, EV01_set_and_clear_at_once_lets_all_go_who_waited) {
    heddle::event e;
    run(
        5, &e, [&] { EXPECT_TRUE(e.wait_for(1h)); },
        [&] {
            e.set();
            e.clear();
        });
    EXPECT_FALSE(e.wait_for(0s));
}

TEST_P(everywhere, a_latch_lets_all_go_at_zero) {
    heddle::latch l(3);
    int done = 0;
    heddle::mutex m;
    const auto arrive = [&] {
        l.arrive_and_wait();
        EXPECT_TRUE(l.try_wait());
        std::lock_guard guard(m);
        ++done;
    };
    run({arrive, arrive, arrive});
    EXPECT_EQ(done, 3);
}

TEST_P(everywhere, once_calls_once_and_again_after_it_threw) {
    heddle::once o;
    int calls = 0;
    const auto call = [&] {
        try {
            o.call([&] {
                heddle::rt::sleep_for(100us);
                if (++calls == 1) throw std::runtime_error("the first");
            });
        } catch (const std::runtime_error&) {
        }
    };
    run({call, call, call});
    EXPECT_EQ(calls, 2);
}

TEST_P(everywhere, TM01_a_timer_fires_once_and_a_cancelled_one_never) {
    run({[&] {
        heddle::event fired;
        heddle::timer soon(1ms, [&] { fired.set(); });
        heddle::timer never(1h, [] { ADD_FAILURE(); });
        EXPECT_TRUE(never.cancel());
        never.join();
        EXPECT_TRUE(fired.wait_for(1h));
        soon.join();
        EXPECT_FALSE(soon.cancel());
    }});
}

// ---- barrier

TEST_P(everywhere, BA01_BA02_gives_each_an_index_once_and_calls_the_action_first) {
    int rounds = 0;
    heddle::barrier b(3, {.action = [&] { ++rounds; }});
    std::multiset<std::size_t> seen;
    heddle::mutex m;
    const auto party = [&] {
        for (int i = 1; i <= 5; ++i) {
            const auto index = b.wait();
            EXPECT_GE(rounds, i);
            std::lock_guard guard(m);
            seen.insert(index);
        }
    };
    run({party, party, party});
    EXPECT_EQ(rounds, 5);
    EXPECT_EQ(b.n_waiting(), 0U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(seen.count(i), 5U);
}

TEST_P(everywhere, BA03_of_an_action_that_throws_one_hears_and_the_others_of_the_end) {
    heddle::barrier b(3, {.action = [] { throw std::logic_error("the action"); }});
    std::atomic<int> threw{0};
    std::atomic<int> broken{0};
    const auto party = [&] {
        try {
            b.wait();
        } catch (const std::logic_error&) {
            ++threw;
        } catch (const heddle::broken_barrier&) {
            ++broken;
        }
    };
    run({party, party, party});
    EXPECT_EQ(threw, 1);
    EXPECT_EQ(broken, 2);
    EXPECT_TRUE(b.broken());
}

TEST_P(everywhere, BA04_one_who_gives_up_breaks_it_for_all) {
    heddle::barrier b(3);
    const auto patient = [&] { EXPECT_THROW(b.wait(), heddle::broken_barrier); };
    run({patient, [&] { EXPECT_THROW(b.wait_for(1ms), heddle::broken_barrier); }});
    EXPECT_THROW(b.wait(), heddle::broken_barrier);
}

TEST_P(everywhere, BA05_BA06_after_abort_and_reset_a_full_round_works) {
    heddle::barrier b(3);
    const auto party = [&] { EXPECT_THROW(b.wait(), heddle::broken_barrier); };
    run(2, &b, party, [&] { b.abort(); });
    EXPECT_TRUE(b.broken());
    b.reset();
    run(2, &b, party, [&] { b.reset(); });
    EXPECT_FALSE(b.broken());
    std::atomic<std::size_t> sum{0};
    const auto full = [&] { sum += b.wait(); };
    run({full, full, full});
    EXPECT_EQ(sum, 3U);
}

// ---- queues

TEST_P(everywhere, QU01_says_full_and_empty_and_gives_up_at_its_deadline) {
    heddle::queue<int> q(1);
    run({[&] {
        EXPECT_EQ(q.get_for(1us).status(), queue_status::timed_out);
        EXPECT_TRUE(q.put(1));
        EXPECT_EQ(q.try_put(2).status(), queue_status::full);
        EXPECT_EQ(q.put_for(1us, 2).status(), queue_status::timed_out);
        EXPECT_EQ(q.put_for(-1h, 2).status(), queue_status::timed_out);
        EXPECT_EQ(*q.get_for(-1h), 1);
    }});
}

TEST_P(everywhere, QU02_join_waits_until_everything_is_dealt_with) {
    heddle::queue<int> q(heddle::unbounded);
    std::atomic<int> done{0};
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(q.put(i));
    const auto work = [&] {
        for (int i = 0; i < 2; ++i) {
            (void)*q.get();
            heddle::rt::sleep_for(50us);
            ++done;
            q.task_done();
        }
    };
    run({work, work, [&] {
             q.join();
             EXPECT_EQ(done, 4);
         }});
    EXPECT_THROW(q.task_done(), heddle::error);
}

TEST_P(everywhere, QU03_the_smallest_and_the_last_come_first) {
    heddle::priority_queue<int> smallest(heddle::unbounded);
    heddle::lifo_queue<int> last(heddle::unbounded);
    run({[&] {
        for (const int i : {2, 1, 3}) {
            EXPECT_TRUE(smallest.put(i));
            EXPECT_TRUE(last.put(i));
        }
    }});
    EXPECT_EQ(*smallest.get(), 1);
    EXPECT_EQ(*last.get(), 3);
}

TEST_P(everywhere, QS01_what_is_inside_is_got_after_a_shutdown) {
    heddle::queue<int> q(4);
    run({[&] {
        EXPECT_TRUE(q.put(1));
        q.shutdown();
        EXPECT_EQ(q.put(2).status(), queue_status::closed);
        EXPECT_EQ(*q.get(), 1);
        EXPECT_EQ(q.get().status(), queue_status::closed);
        q.task_done();
        q.join();
    }});
}

TEST_P(everywhere, QS02_an_immediate_shutdown_leaves_what_was_got_to_be_dealt_with) {
    heddle::queue<int> q(4);
    EXPECT_TRUE(q.put(1));
    EXPECT_TRUE(q.put(2));
    (void)*q.get();
    std::atomic<bool> joined{false};
    run({[&] {
             q.join();
             joined = true;
         },
         [&] {
             q.shutdown({.immediate = true});
             EXPECT_EQ(q.size(), 0U);
             heddle::rt::sleep_for(1ms);
             EXPECT_FALSE(joined);
             q.task_done();
         }});
    EXPECT_TRUE(joined);
    EXPECT_THROW(q.task_done(), heddle::error);
}

TEST_P(everywhere, QS03_shutdown_wakes_all_who_wait) {
    heddle::queue<int> empty(1);
    run(3, &empty, [&] { EXPECT_EQ(empty.get().status(), queue_status::closed); }, [&] { empty.shutdown(); });
    heddle::queue<int> full(1);
    EXPECT_TRUE(full.put(1));
    run(2, &full, [&] { EXPECT_EQ(full.put(2).status(), queue_status::closed); }, [&] { full.shutdown(); });
    EXPECT_EQ(*full.get(), 1);
}
