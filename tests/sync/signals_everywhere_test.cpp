// SPDX-License-Identifier: BSL-1.0
// Semaphores, events, latches, once, timers and barriers, by threads, by fibers and by coroutines.
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/once.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/sync/timer.hpp>
#include <mutex>
#include <set>
#include "everywhere.hpp"

using namespace std::chrono_literals;
using heddle::task;
using sync_tests::coroutines;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::run_coroutines;
using sync_tests::soon;

using signals_everywhere = sync_tests::everywhere;
INSTANTIATE_TEST_SUITE_P(by, signals_everywhere, sync_tests::ways, sync_tests::name_of);

TEST_P(signals_everywhere, SE01_release_of_three_lets_three_go) {
    heddle::semaphore s(0);
    run(3, &s, [&] { s.acquire(); }, [&] { s.release(3); });
    EXPECT_FALSE(s.try_acquire());
}

TEST_P(signals_everywhere, SE02_more_than_the_bound_is_an_error_and_changes_nothing) {
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

TEST_P(signals_everywhere, EV01_set_and_clear_at_once_lets_all_go_who_waited) {
    heddle::event e;
    run(
        5, &e, [&] { EXPECT_TRUE(e.wait_for(1h)); },
        [&] {
            e.set();
            e.clear();
        });
    EXPECT_FALSE(e.wait_for(0s));
}

TEST_P(signals_everywhere, a_latch_lets_all_go_at_zero) {
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

TEST_P(signals_everywhere, once_calls_once_and_again_after_it_threw) {
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

TEST_P(signals_everywhere, TM01_a_timer_fires_once_and_a_cancelled_one_never) {
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

TEST_P(signals_everywhere, BA01_BA02_gives_each_an_index_once_and_calls_the_action_first) {
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

TEST_P(signals_everywhere, BA03_of_an_action_that_throws_one_hears_and_the_others_of_the_end) {
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

TEST_P(signals_everywhere, BA04_one_who_gives_up_breaks_it_for_all) {
    heddle::barrier b(3);
    const auto patient = [&] { EXPECT_THROW(b.wait(), heddle::broken_barrier); };
    run({patient, [&] { EXPECT_THROW(b.wait_for(1ms), heddle::broken_barrier); }});
    EXPECT_THROW(b.wait(), heddle::broken_barrier);
}

TEST_P(signals_everywhere, BA05_BA06_after_abort_and_reset_a_full_round_works) {
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

// ---- by coroutines of one loop

TEST(signals_everywhere_by_coroutines, SE01_SE02_release_lets_as_many_go_and_never_more_than_the_bound) {
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
    run_coroutines(std::move(work));
}

TEST(signals_everywhere_by_coroutines, BA01_BA02_gives_each_an_index_once_and_calls_the_action_first) {
    int rounds = 0;
    heddle::barrier b(3, {.action = [&] { ++rounds; }});
    std::multiset<std::size_t> seen;
    run_coroutines(coroutines(3, [&]() -> task<> {
        for (int i = 1; i <= 3; ++i) {
            seen.insert(co_await b.async_wait());
            EXPECT_GE(rounds, i);
        }
    }));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(seen.count(i), 3U);
}

TEST(signals_everywhere_by_coroutines, BA03_of_an_action_that_throws_one_hears_and_the_others_of_the_end) {
    heddle::barrier b(3, {.action = [] { throw std::logic_error("the action"); }});
    int threw = 0;
    int broken = 0;
    run_coroutines(coroutines(3, [&]() -> task<> {
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

TEST(signals_everywhere_by_coroutines, BA04_BA05_one_who_gives_up_breaks_it_for_all_until_it_is_reset) {
    heddle::barrier b(3);
    int broken = 0;
    const auto party = [&](deadline until) -> task<> {
        try {
            co_await b.async_wait(until);
        } catch (const heddle::broken_barrier&) {
            ++broken;
        }
    };
    run_coroutines({[&] { return party(soon()); }, [&] { return party(deadline::never()); }});
    EXPECT_EQ(broken, 2);
    EXPECT_TRUE(b.broken());
    b.reset();
    run_coroutines(coroutines(3, [&] { return party(deadline::never()); }));
    EXPECT_EQ(broken, 2);
}

TEST(signals_everywhere_by_coroutines,
     BA06_reset_with_two_of_three_breaks_their_wait_and_a_full_round_passes) {
    heddle::barrier b(3);
    int broken = 0;
    std::multiset<std::size_t> seen;
    const auto party = [&]() -> task<> {
        try {
            co_await b.async_wait();
            ADD_FAILURE() << "it went on without the third";
        } catch (const heddle::broken_barrier&) {
            ++broken;
        }
        seen.insert(co_await b.async_wait());
    };
    run_coroutines({party, party, [&]() -> task<> {
                        co_await parked(&b, 2);
                        b.reset();
                        EXPECT_FALSE(b.broken());
                        seen.insert(co_await b.async_wait());
                    }});
    EXPECT_EQ(broken, 2);
    EXPECT_EQ(seen, (std::multiset<std::size_t>{0, 1, 2}));
    EXPECT_FALSE(b.broken());
}
