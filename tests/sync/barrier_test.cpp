// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/barrier.hpp>

#include <gtest/gtest.h>
#include <set>
#include <stdexcept>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::barrier;
using heddle::broken_barrier;
using heddle::task;
using heddle::rt::clock;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::run_fibers;
using sync_tests::settle;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

namespace {

/// A round of `n` threads: the indices that they got, -1 for those who saw it broken.
std::multiset<int> round(barrier& b, std::size_t n) {
    std::vector<int> got(n, -2);
    {
        std::vector<std::jthread> group;
        for (std::size_t i = 0; i < n; ++i)
            group.emplace_back([&, i] {
                try {
                    got[i] = static_cast<int>(b.wait());
                } catch (const broken_barrier&) {
                    got[i] = -1;
                }
            });
    }
    return {got.begin(), got.end()};
}

task<> arrive(barrier& b, int& result, deadline limit = deadline::never()) {
    try {
        result = static_cast<int>(co_await b.async_wait(limit));
    } catch (const broken_barrier&) {
        result = -1;
    }
}

}  // namespace

TEST(barrier, BA01_gives_each_index_once_a_round_and_nobody_is_left) {
    barrier b(4);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(round(b, 4), (std::multiset<int>{0, 1, 2, 3}));
        EXPECT_EQ(b.n_waiting(), 0U);
    }
    EXPECT_EQ(b.parties(), 4U);
    EXPECT_FALSE(b.broken());
}

TEST(barrier, BA01_of_no_parties_is_an_error) {
    EXPECT_THROW(barrier(0), std::invalid_argument);
}

TEST(barrier, of_one_party_never_waits) {
    int actions = 0;
    barrier b(1, {.action = [&] { ++actions; }});
    EXPECT_EQ(b.wait(), 0U);
    EXPECT_EQ(b.wait_for(-1s), 0U);
    EXPECT_EQ(actions, 2);
}

TEST(barrier, counts_those_who_wait) {
    barrier b(3);
    std::thread a([&] { b.wait(); });
    until_parked(&b, 1);
    EXPECT_EQ(b.n_waiting(), 1U);
    std::thread c([&] { b.wait(); });
    until_parked(&b, 2);
    EXPECT_EQ(b.n_waiting(), 2U);
    b.wait();
    a.join();
    c.join();
}

TEST(barrier, BA02_runs_the_action_once_a_round_before_anybody_is_released) {
    int actions = 0;
    std::atomic<int> released{0};
    barrier b(3, {.action = [&] {
                  EXPECT_EQ(released.load(), actions * 3);
                  ++actions;
              }});
    std::vector<std::thread> group;
    for (int i = 0; i < 3; ++i)
        group.emplace_back([&] {
            for (int r = 1; r <= 10; ++r) {
                b.wait();
                EXPECT_GE(actions, r);
                released.fetch_add(1);
                b.wait();  // the next round's action sees all of this one's released
                released.fetch_add(1);
            }
        });
    for (auto& t : group) t.join();
    EXPECT_EQ(actions, 20);
}

TEST(barrier, BA03_an_action_that_throws_is_seen_by_exactly_one_and_the_others_see_it_broken) {
    barrier b(3, {.action = [] { throw std::runtime_error("action"); }});
    std::atomic<int> failed{0};
    std::atomic<int> broken{0};
    std::vector<std::thread> group;
    for (int i = 0; i < 3; ++i)
        group.emplace_back([&] {
            try {
                b.wait();
                ADD_FAILURE();
            } catch (const broken_barrier&) {
                ++broken;
            } catch (const std::runtime_error&) {
                ++failed;
            }
        });
    for (auto& t : group) t.join();
    EXPECT_EQ(failed.load(), 1);
    EXPECT_EQ(broken.load(), 2);
    EXPECT_TRUE(b.broken());
    EXPECT_THROW(b.wait(), broken_barrier);
}

TEST(barrier, BA04_one_timeout_breaks_it_for_everyone_also_later) {
    barrier b(3);
    std::thread other([&] { EXPECT_THROW(b.wait(), broken_barrier); });
    until_parked(&b, 1);
    const auto when = clock::now() + 2ms;
    EXPECT_THROW(b.wait_until(when), broken_barrier);
    EXPECT_GE(clock::now(), when);
    other.join();
    EXPECT_TRUE(b.broken());
    EXPECT_THROW(b.wait(), broken_barrier);
}

TEST(barrier, has_a_timeout_for_waits_that_give_none) {
    barrier b(2, {.timeout = 1ms});
    EXPECT_THROW(b.wait(), broken_barrier);
    b.reset();
    const auto main = [&]() -> task<> { co_await b.async_wait(); };
    EXPECT_THROW(heddle::run(main()), broken_barrier);
}

TEST(barrier, BA05_abort_stays_until_reset_and_then_a_full_round_works) {
    barrier b(2);
    std::thread waiting([&] { EXPECT_THROW(b.wait(), broken_barrier); });
    until_parked(&b, 1);
    b.abort();
    waiting.join();
    EXPECT_TRUE(b.broken());
    EXPECT_THROW(b.wait(), broken_barrier);
    EXPECT_THROW(b.wait_for(1h), broken_barrier);
    b.reset();
    EXPECT_FALSE(b.broken());
    EXPECT_EQ(round(b, 2), (std::multiset<int>{0, 1}));
}

TEST(barrier, BA06_reset_breaks_the_wait_of_two_and_a_fresh_round_of_three_passes) {
    barrier b(3);
    std::atomic<int> broken{0};
    const auto waits = [&] {
        try {
            b.wait();
            ADD_FAILURE();
        } catch (const broken_barrier&) {
            ++broken;
        }
    };
    std::thread a(waits);
    std::thread c(waits);
    until_parked(&b, 2);
    b.reset();
    EXPECT_EQ(round(b, 3), (std::multiset<int>{0, 1, 2}));
    a.join();
    c.join();
    EXPECT_EQ(broken.load(), 2);
}

TEST(barrier, BA05_who_has_timed_out_does_not_break_it_any_more_after_a_reset) {
    barrier b(2);
    int late = -2;
    int fresh = -2;
    const auto main = [&]() -> task<> {
        // Taken out of the queue, and not resumed yet.
        auto gone = heddle::spawn(arrive(b, late, deadline(clock::now())));
        co_await parked(&b, 1);
        co_await parked(&b, 0);
        EXPECT_EQ(late, -2);
        b.reset();
        auto first = heddle::spawn(arrive(b, fresh));
        co_await gone;
        EXPECT_EQ(late, -1);
        EXPECT_FALSE(b.broken());
        co_await b.async_wait();
        co_await first;
        EXPECT_EQ(fresh, 0);
    };
    heddle::run(main());
}

TEST(barrier, BA06_who_was_asked_to_stop_does_not_break_it_any_more_after_a_reset) {
    barrier b(2);
    heddle::rt::task_context* stopped = nullptr;
    run_fibers({[&] {
                    stopped = &heddle::rt::current_task();
                    EXPECT_THROW(b.wait(), heddle::cancelled);
                    EXPECT_FALSE(b.broken());
                },
                [&] {
                    stopped->request_stop();  // it goes on after this fiber
                    EXPECT_EQ(b.n_waiting(), 0U);
                    b.reset();
                }});
    EXPECT_EQ(round(b, 2), (std::multiset<int>{0, 1}));
}

TEST(barrier, BA05_an_action_that_throws_after_a_reset_breaks_only_its_own_round) {
    barrier* all = nullptr;
    barrier b(2, {.action = [&] {
                  all->reset();
                  throw std::runtime_error("the action");
              }});
    all = &b;
    std::thread other([&] { EXPECT_THROW(b.wait(), broken_barrier); });
    until_parked(&b, 1);
    EXPECT_THROW(b.wait(), std::runtime_error);
    other.join();
    EXPECT_FALSE(b.broken());
}

TEST(barrier, who_arrives_while_the_action_runs_belongs_to_the_next_round) {
    barrier* self = nullptr;
    std::vector<std::thread> next;
    bool first = true;
    barrier b(2, {.action = [&] {
                  if (!std::exchange(first, false)) return;
                  next.emplace_back([&] { self->wait(); });
                  until_parked(self, 1);
              }});
    self = &b;
    EXPECT_EQ(round(b, 2), (std::multiset<int>{0, 1}));
    b.wait();
    next[0].join();
}

TEST(barrier, what_is_decided_is_not_cancelled_by_a_slow_action) {
    heddle::rt::task_context* waiting = nullptr;
    barrier b(2, {.action = [&] { waiting->request_stop(); }});
    std::size_t index = 9;
    stoppable_thread t([&] { index = b.wait(); });
    waiting = &t.task();
    until_parked(&b, 1);
    EXPECT_EQ(b.wait(), 1U);
    t.join();
    EXPECT_EQ(index, 0U);
    EXPECT_FALSE(b.broken());
}

TEST(barrier, X2_a_thread_that_is_asked_to_stop_breaks_it) {
    barrier b(3);
    std::thread other([&] { EXPECT_THROW(b.wait(), broken_barrier); });
    stoppable_thread t([&] { EXPECT_THROW(b.wait(), heddle::cancelled); });
    until_parked(&b, 2);
    t.request_stop();
    other.join();
    EXPECT_TRUE(b.broken());
}

TEST(barrier, AB01_a_coroutine_that_is_cancelled_takes_its_arrival_back_and_a_full_round_works) {
    barrier b(3);
    std::vector<int> got(4, -2);
    const auto main = [&]() -> task<> {
        auto gone = heddle::spawn(arrive(b, got[3]));
        co_await parked(&b, 1);
        auto a = heddle::spawn(arrive(b, got[0]));
        co_await parked(&b, 2);
        gone.request_stop();
        co_await parked(&b, 1);
        auto c = heddle::spawn(arrive(b, got[1]));
        co_await settle();
        EXPECT_EQ(b.n_waiting(), 2U);  // the one that left is not counted
        EXPECT_FALSE(b.broken());
        co_await arrive(b, got[2]);
        co_await a;
        co_await c;
        EXPECT_THROW(gone.get(), heddle::cancelled);
    };
    heddle::run(main());
    EXPECT_EQ(std::multiset<int>(got.begin(), got.begin() + 3), (std::multiset<int>{0, 1, 2}));
}

TEST(barrier, AB02_reset_wakes_coroutines_with_broken_and_abort_breaks_later_waits) {
    barrier b(2);
    int first = -2;
    int later = -2;
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(arrive(b, first));
        co_await parked(&b, 1);
        b.reset();
        co_await a;
        EXPECT_EQ(first, -1);
        auto c = heddle::spawn(arrive(b, first));
        co_await arrive(b, later);
        co_await c;
        EXPECT_EQ(first + later, 1);
        b.abort();
        co_await arrive(b, later);
        EXPECT_EQ(later, -1);
    };
    heddle::run(main());
}

TEST(barrier, a_coroutine_that_times_out_breaks_it) {
    barrier b(2);
    int result = -2;
    heddle::run(arrive(b, result, deadline::after(1us)));
    EXPECT_EQ(result, -1);
    EXPECT_TRUE(b.broken());
}

TEST(barrier, an_action_that_throws_is_seen_by_the_last_coroutine) {
    barrier b(2, {.action = [] { throw std::runtime_error("action"); }});
    int other = -2;
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(arrive(b, other));
        co_await parked(&b, 1);
        bool thrown = false;
        try {
            co_await b.async_wait();
        } catch (const std::runtime_error& e) {
            thrown = std::string(e.what()) == "action";
        }
        EXPECT_TRUE(thrown);
        co_await a;
    };
    heddle::run(main());
    EXPECT_EQ(other, -1);
}

TEST(barrier, joins_threads_fibers_and_coroutines) {
    barrier b(3);
    std::thread t([&] { b.wait(); });
    std::thread f([&] { run_fibers({[&] { b.wait(); }}); });
    int result = -2;
    heddle::run(arrive(b, result));
    t.join();
    f.join();
    EXPECT_GE(result, 0);
}

TEST(barrier, shows_what_every_party_did_before_it_arrived) {
    barrier b(3);
    std::vector<int> data(3);
    std::vector<std::thread> group;
    for (std::size_t i = 0; i < 3; ++i)
        group.emplace_back([&, i] {
            for (int r = 1; r < 50; ++r) {
                data[i] = r;
                b.wait();
                EXPECT_EQ(data, (std::vector<int>{r, r, r}));
                b.wait();
            }
        });
    for (auto& t : group) t.join();
}

TEST(barrier, X4_destroyed_while_a_task_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto* const b = new barrier(2);
            std::thread t([b] { b->wait(); });
            until_parked(b, 1);
            delete b;
        },
        "the barrier is destroyed while task '[0-9]+' waits");
}
