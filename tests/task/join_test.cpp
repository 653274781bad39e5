// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/join.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/event.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "compute.hpp"
#include "elsewhere.hpp"
#include "rt/waiting.hpp"

using heddle::join;
using heddle::run_on;
using heddle::thread_pool;
using heddle::rt::deadline;
using task_tests::elsewhere;

namespace {

long fib(int n) {
    if (n < 2) return n;
    const auto [a, b] = join([n] { return fib(n - 1); }, [n] { return fib(n - 2); });
    return a + b;
}

}  // namespace

TEST(join, gives_the_results_of_all_parts_in_order) {
    thread_pool pool(2);
    const auto [a, b, c] =
        join(pool, [] { return 1; }, [] { return std::string("two"); }, [] { return 3.0; });
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, "two");
    EXPECT_EQ(c, 3.0);
}

TEST(join, calls_the_parts_in_turn_outside_a_pool) {
    int order = 0;
    const auto [a, b] = join([&] { return ++order; }, [&] { return ++order; });
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 2);
    join([&] { ++order; });
    EXPECT_EQ(order, 3);
    EXPECT_EQ(join(), std::tuple<>());
}

TEST(join, divides_and_conquers_on_one_worker_and_on_several) {
    for (const unsigned workers : {1U, 2U, 4U}) {
        thread_pool pool(workers);
        EXPECT_EQ(run_on(pool, [] { return fib(22); }), 17711);
    }
}

TEST(join, takes_results_that_can_only_be_moved) {
    thread_pool pool(2);
    const auto [a, b] =
        join(pool, [] { return std::make_unique<int>(1); }, [] { return std::make_unique<int>(2); });
    EXPECT_EQ(*a + *b, 3);
}

TEST(join, a_part_that_waits_for_the_other_hands_it_out) {
    for (const unsigned workers : {1U, 2U}) {
        thread_pool pool(workers);
        elsewhere e;
        join(pool, [&] { e.first(); }, [&] { e.second(); });
    }
}

// Nobody forks, joins or waits while these run: what is to run beside them must have been there before.
TEST(join, parts_that_only_compute_run_at_the_same_time) {
    thread_pool pool(2);
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> begun{0};
        const auto part = [&] {
            ++begun;
            task_tests::compute(std::chrono::seconds(30), [&] { return begun == 2; });
            task_tests::compute(std::chrono::milliseconds(1));  // so that such parts are known to be long
            return begun.load();
        };
        const auto [a, b] = join(pool, part, part);
        EXPECT_EQ(a + b, 4);
    }
}

TEST(join, what_was_forked_before_a_long_part_is_taken_between_the_joins) {
    thread_pool pool(2);
    std::vector<std::thread::id> ran(50);
    const std::function<void(std::size_t)> chain = [&](std::size_t n) {
        if (n == ran.size()) return;
        join([&] { chain(n + 1); },
             [&] {
                 ran[n] = std::this_thread::get_id();
                 task_tests::compute(std::chrono::milliseconds(1));
             });
    };
    // The other worker may come late, but it comes.
    long by_first = 0;
    const auto until = deadline::after(std::chrono::seconds(30));
    do {
        run_on(pool, [&] { chain(0); });
        by_first = std::count(ran.begin(), ran.end(), ran.front());
    } while (std::min<long>(by_first, 50 - by_first) < 10 && !until.expired());
    EXPECT_GE(std::min<long>(by_first, 50 - by_first), 10);
}

TEST(join, waits_for_a_part_that_another_worker_has_taken) {
    thread_pool pool(2);
    elsewhere e;
    std::atomic<bool> finished{false};
    std::thread::id first;
    std::thread::id second;
    join(
        pool,
        [&] {
            e.first();
            first = std::this_thread::get_id();
        },
        [&] {
            e.second();
            second = std::this_thread::get_id();
            heddle::rt::sleep_for(std::chrono::milliseconds(2));
            finished = true;
        });
    EXPECT_TRUE(finished);
}

TEST(join, a_part_that_runs_elsewhere_is_a_task_of_its_own) {
    thread_pool pool(2);
    run_on(pool, [] {
        elsewhere e;
        const auto id = heddle::rt::current_task().id();
        join([&] { e.first(); },
             [&] {
                 EXPECT_NE(heddle::rt::current_task().id(), id);
                 e.second();
             });
        EXPECT_EQ(heddle::rt::current_task().id(), id);
    });
}

TEST(join, throws_what_the_first_part_threw_and_leaves_out_the_second) {
    thread_pool pool(1);
    bool ran = false;
    EXPECT_THROW(
        join(pool, [] { throw std::runtime_error("first"); }, [&] { ran = true; }), std::runtime_error);
    EXPECT_FALSE(ran);
}

TEST(join, throws_what_the_second_part_threw) {
    thread_pool pool(2);
    EXPECT_THROW(join(pool, [] {}, [] { throw std::domain_error("second"); }), std::domain_error);
    elsewhere e;
    EXPECT_THROW(join(
                     pool, [&] { e.first(); },
                     [&] {
                         e.second();
                         throw std::domain_error("second");
                     }),
                 std::domain_error);
}

TEST(join, asks_the_first_part_to_stop_when_the_second_has_failed) {
    thread_pool pool(2);
    run_on(pool, [] {
        EXPECT_THROW(join([] { heddle::rt::sleep_until(deadline::never()); },
                          [] { throw std::domain_error("second"); }),
                     std::domain_error);
        // That was no request to this task.
        EXPECT_EQ(heddle::rt::current_task().stop_requests(), 0U);
        EXPECT_FALSE(heddle::rt::current_task().stop_pending());
    });
}

TEST(join, a_first_part_that_takes_the_request_back_itself_leaves_none) {
    thread_pool pool(2);
    run_on(pool, [] {
        EXPECT_THROW(join(
                         [] {
                             EXPECT_THROW(heddle::rt::sleep_until(deadline::never()), heddle::cancelled);
                             heddle::rt::current_task().uncancel();
                         },
                         [] { throw std::domain_error("second"); }),
                     std::domain_error);
        EXPECT_EQ(heddle::rt::current_task().stop_requests(), 0U);
        EXPECT_FALSE(heddle::rt::current_task().stop_pending());
    });
}

TEST(join, asks_the_second_part_to_stop_when_the_first_has_failed_and_waits_for_it) {
    thread_pool pool(2);
    elsewhere e;
    bool stopped = false;
    EXPECT_THROW(join(
                     pool,
                     [&] {
                         e.first();
                         throw std::runtime_error("first");
                     },
                     [&] {
                         e.second();
                         try {
                             heddle::rt::sleep_until(deadline::never());
                         } catch (const heddle::cancelled&) {
                             stopped = true;
                             throw;
                         }
                     }),
                 std::runtime_error);
    EXPECT_TRUE(stopped);
}

TEST(join, a_request_to_stop_reaches_all_parts_and_comes_out_once) {
    thread_pool pool(2);
    elsewhere e;
    std::atomic<int> stopped{0};
    auto f = pool.submit([&] {
        const auto part = [&](auto begin) {
            try {
                begin();
                heddle::rt::sleep_until(deadline::never());
            } catch (const heddle::cancelled&) {
                stopped.fetch_add(1);
                throw;
            }
        };
        EXPECT_THROW(join([&] { part([&] { e.first(); }); }, [&] { part([&] { e.second(); }); }),
                     heddle::cancelled);
        EXPECT_FALSE(heddle::rt::current_task().stop_pending());
    });
    e.begun.wait();
    f.request_stop();
    f.get();
    EXPECT_EQ(stopped, 2);
}

TEST(join, leaves_out_what_has_not_begun_when_the_task_is_asked_to_stop) {
    thread_pool pool(1);
    std::atomic<long> calls{0};
    auto f = pool.submit([&] {
        heddle::rt::current_task().request_stop();
        join([&] { calls.fetch_add(1); }, [&] { calls.fetch_add(1); });
    });
    EXPECT_THROW(f.get(), heddle::cancelled);
    EXPECT_EQ(calls, 0);
}

TEST(join, a_request_is_seen_at_the_next_fork_also_deep_in_a_recursion) {
    for (const unsigned workers : {1U, 2U}) {
        thread_pool pool(workers);
        std::atomic<bool> asked{false};
        std::atomic<int> after{0};
        // Leans to the left: the forks that are made before are all open.
        const std::function<void(int)> lean = [&](int n) {
            if (n == 0) return;
            join(
                [&] {
                    if (n == 20) {
                        heddle::rt::current_task().request_stop();
                        asked = true;
                    } else if (asked) {
                        ++after;
                    }
                    lean(n - 1);
                },
                [] {});
        };
        auto f = pool.submit([&] { lean(60); });
        EXPECT_THROW(f.get(), heddle::cancelled);
        EXPECT_EQ(after, 0);
    }
}

TEST(join, a_task_run_in_place_forks_too) {
    thread_pool pool(2);
    run_on(pool, [&] {
        const auto [a, b] =
            join([&] { return pool.submit([] { return fib(15); }).get(); }, [] { return fib(15); });
        EXPECT_EQ(a, 610);
        EXPECT_EQ(b, 610);
    });
}

TEST(join, run_on_is_a_plain_call_in_a_task_of_that_pool) {
    thread_pool pool(1);
    run_on(pool, [&] {
        const auto id = heddle::rt::current_task().id();
        EXPECT_EQ(run_on(pool, [] { return heddle::rt::current_task().id(); }), id);
    });
}

TEST(join, run_on_waits_for_what_it_started_although_it_is_asked_to_stop) {
    thread_pool outer(1);
    thread_pool inner(1);
    heddle::event begun;
    bool over = false;
    auto f = outer.submit([&] {
        run_on(inner, [&] {
            begun.set();
            try {
                heddle::rt::sleep_until(deadline::never());
            } catch (const heddle::cancelled&) {
                over = true;
                throw;
            }
        });
    });
    begun.wait();
    f.request_stop();
    EXPECT_THROW(f.get(), heddle::cancelled);
    EXPECT_TRUE(over);
}

TEST(join, nested_deeper_than_the_room_for_forks_still_gives_the_result) {
    struct deep {
        static long down(int n) {
            if (n == 0) return 0;
            const auto [a, b] = join([n] { return down(n - 1); }, [] { return 1L; });
            return a + b;
        }
    };
    thread_pool pool({.workers = 2, .stack_size = std::size_t{16} << 20});
    EXPECT_EQ(run_on(pool, [] { return deep::down(6000); }), 6000);
}
