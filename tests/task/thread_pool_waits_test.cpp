// SPDX-License-Identifier: BSL-1.0
// Tasks of a pool that wait: they leave their worker to others.
#include <gtest/gtest.h>
#include <algorithm>
#include <atomic>
#include <heddle/rt/fiber.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/blocking.hpp>
#include <heddle/task/pinned.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/wait.hpp>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "rt/waiting.hpp"

using namespace std::chrono_literals;
using heddle::future;
using heddle::future_status;
using heddle::promise;
using heddle::thread_pool;
using heddle::rt::deadline;

TEST(thread_pool_waits, a_task_that_waits_frees_its_worker) {
    thread_pool pool(1);
    promise<int> go;
    auto waits = pool.submit([&] { return go.get_future().get() + 1; });
    auto next = pool.submit([] { return 1; });
    EXPECT_EQ(next.get(), 1);
    EXPECT_FALSE(waits.done());
    go.set_value(41);
    EXPECT_EQ(waits.get(), 42);
}

TEST(thread_pool_waits, a_task_may_wait_for_others_of_a_pool_with_one_worker) {
    thread_pool pool(1);
    const int sum = pool.submit([&] {
                            std::vector<future<int>> parts;
                            for (int i = 0; i < 10; ++i) parts.push_back(pool.submit([i] { return i; }));
                            int total = 0;
                            for (auto& p : parts) total += p.get();
                            return total;
                        })
                        .get();
    EXPECT_EQ(sum, 45);
}

TEST(thread_pool_waits, waits_may_be_nested_deeper_than_there_are_workers) {
    thread_pool pool(2);
    struct recursive {
        static long fib(thread_pool& pool, int n) {
            if (n < 2) return n;
            auto a = pool.submit(fib, std::ref(pool), n - 1);
            auto b = pool.submit(fib, std::ref(pool), n - 2);
            return a.get() + b.get();
        }
    };
    EXPECT_EQ(pool.submit(recursive::fib, std::ref(pool), 15).get(), 610);
}

TEST(thread_pool_waits, many_tasks_wait_at_once_on_one_worker) {
    constexpr int many = 2000;
    thread_pool pool({.workers = 1, .stack_size = std::size_t{32} << 10});
    heddle::event go;
    std::atomic<int> ran{0};
    for (int i = 0; i < many; ++i)
        pool.post([&] {
            go.wait();
            ran.fetch_add(1);
        });
    waiting::until([&] { return pool.stats().running == static_cast<std::size_t>(many); });
    EXPECT_EQ(ran, 0);
    go.set();
    pool.shutdown();
    EXPECT_EQ(ran, many);
}

TEST(thread_pool_waits, locks_semaphores_and_queues_suspend_the_task) {
    thread_pool pool(1);
    heddle::mutex m;
    heddle::semaphore permits(0);
    heddle::queue<int> items(1);
    m.lock();
    std::atomic<int> done{0};
    pool.post([&] {
        std::lock_guard guard(m);
        done.fetch_add(1);
    });
    pool.post([&] {
        permits.acquire();
        done.fetch_add(1);
    });
    pool.post([&] {
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(items.put(i));  // room for one: it waits for the other
        done.fetch_add(1);
    });
    pool.submit([&] {
            for (int i = 0; i < 5; ++i) EXPECT_EQ(items.get().value(), i);
        })
        .get();
    m.unlock();
    permits.release();
    pool.shutdown();
    EXPECT_EQ(done, 3);
}

TEST(thread_pool_waits, a_task_goes_on_on_any_worker_that_is_free) {
    promise<> go;
    promise<> parked;
    std::atomic<bool> release{false};
    std::thread::id before;
    thread_pool pool(2);  // ends first: its tasks look at the above
    auto moves = pool.submit([&] {
        before = std::this_thread::get_id();
        // Keeps this worker busy as soon as the task waits.
        pool.post([&] { release.wait(false); });
        parked.set_value();
        go.get_future().get();
        return std::this_thread::get_id();
    });
    parked.get_future().get();
    go.set_value();
    EXPECT_TRUE(moves.wait_for(10s));
    release = true;
    release.notify_all();
}

TEST(thread_pool_waits, a_pinned_part_goes_on_on_the_same_thread) {
    thread_pool pool(3);
    std::vector<future<>> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(pool.submit([] {
            const heddle::pinned here;
            const auto before = std::this_thread::get_id();
            for (int n = 0; n < 3; ++n) {
                heddle::rt::sleep_for(100us);
                EXPECT_EQ(std::this_thread::get_id(), before);
            }
        }));
    for (auto& f : all) f.get();
}

TEST(thread_pool_waits, without_migration_every_task_stays_on_its_thread) {
    thread_pool pool({.workers = 3, .migrate = false});
    std::vector<future<>> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(pool.submit([] {
            const auto before = std::this_thread::get_id();
            for (int n = 0; n < 3; ++n) {
                heddle::rt::sleep_for(100us);
                EXPECT_EQ(std::this_thread::get_id(), before);
            }
        }));
    for (auto& f : all) f.get();
}

TEST(thread_pool_waits, a_task_keeps_its_identity_and_its_exceptions_over_a_wait) {
    thread_pool pool(2);
    std::vector<future<>> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(pool.submit([i] {
            auto* const own = &heddle::rt::current_task();
            try {
                throw i;
            } catch (int) {
                heddle::rt::sleep_for(100us);
                EXPECT_EQ(&heddle::rt::current_task(), own);
                try {
                    throw;
                } catch (int again) {
                    EXPECT_EQ(again, i);
                }
            }
        }));
    for (auto& f : all) f.get();
}

TEST(thread_pool_waits, sleeps_end_in_the_order_of_their_deadlines_and_not_before) {
    thread_pool pool(2);
    std::mutex m;
    std::vector<int> order;
    const auto start = heddle::rt::clock::now();
    for (int i = 3; i > 0; --i)
        pool.post([&, i] {
            heddle::rt::sleep_until(start + i * 20ms);
            EXPECT_GE(heddle::rt::clock::now(), start + i * 20ms);
            std::lock_guard guard(m);
            order.push_back(i);
        });
    pool.shutdown();
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(thread_pool_waits, a_timed_wait_of_a_task_times_out_or_is_granted) {
    thread_pool pool(2);
    promise<int> never;
    promise<int> soon;
    auto out = pool.submit([&] { return never.get_future().wait_for(1ms); });
    auto in = pool.submit([&] { return soon.get_future().wait_for(1h); });
    soon.set_value(1);
    EXPECT_FALSE(out.get());
    EXPECT_TRUE(in.get());
    never.set_value(0);
}

TEST(thread_pool_waits, request_stop_ends_the_wait_of_a_suspended_task) {
    thread_pool pool(1);
    promise<> waits;
    auto f = pool.submit([&] {
        waits.set_value();
        heddle::rt::sleep_until(deadline::never());
    });
    waits.get_future().get();
    f.request_stop();
    EXPECT_THROW(f.get(), heddle::cancelled);
}

TEST(thread_pool_waits, shutdown_waits_for_tasks_that_are_suspended) {
    promise<> go;
    std::atomic<bool> ran{false};
    thread_pool pool(2);
    pool.post([&] {
        go.get_future().get();
        ran = true;
    });
    waiting::until([&] { return pool.stats().running == 1; });
    EXPECT_FALSE(pool.try_shutdown());
    EXPECT_FALSE(pool.shutdown_for(1ms));
    go.set_value();
    EXPECT_TRUE(pool.shutdown_for(1h));
    EXPECT_TRUE(ran);
}

TEST(thread_pool_waits, EX04_a_shutdown_that_cancels_lets_suspended_tasks_go_on) {
    promise<> go;
    promise<> waits;
    thread_pool pool(1);
    auto suspended = pool.submit([&] {
        waits.set_value();
        go.get_future().get();
        return 5;
    });
    waits.get_future().get();
    pool.shutdown({.wait = false, .cancel_pending = true});
    go.set_value();
    EXPECT_EQ(suspended.get(), 5);
}

TEST(thread_pool_waits, get_runs_a_task_that_has_not_begun_in_place_under_its_own_identity) {
    thread_pool pool(1);
    pool.submit([&] {
            const auto outer = heddle::rt::current_task().id();
            const auto stack = heddle::rt::fiber::current();
            auto inner = pool.submit([&] {
                EXPECT_NE(heddle::rt::current_task().id(), outer);
                return heddle::rt::fiber::current();
            });
            EXPECT_EQ(inner.get(), stack);
            EXPECT_EQ(heddle::rt::current_task().id(), outer);
        })
        .get();
}

TEST(thread_pool_waits, a_task_run_in_place_may_wait_fail_and_be_asked_to_stop) {
    thread_pool pool(1);
    pool.submit([&] {
            EXPECT_THROW(pool.submit([] { throw std::runtime_error("inner"); }).get(), std::runtime_error);
            auto sleeper = pool.submit([] { heddle::rt::sleep_for(1ms); });
            sleeper.get();
            auto stopped = pool.submit([] { heddle::rt::sleep_until(deadline::never()); });
            stopped.request_stop();
            EXPECT_THROW(stopped.get(), heddle::cancelled);
        })
        .get();
}

TEST(thread_pool_waits, a_request_to_who_runs_a_task_in_place_is_heard_when_that_is_over) {
    thread_pool pool(1);
    heddle::event begun;
    heddle::event go_on;
    const auto outer = pool.submit([&] {
        const auto inner = pool.submit([&] {
            begun.set();
            go_on.wait();  // the request is not to this task
            return 1;
        });
        EXPECT_EQ(inner.get(), 1);
        heddle::rt::sleep_until(heddle::rt::deadline::never());
    });
    begun.wait();
    outer.request_stop();
    go_on.set();
    EXPECT_THROW(outer.get(), heddle::cancelled);
}

TEST(thread_pool_waits, a_timed_wait_does_not_run_the_task_in_place) {
    thread_pool pool(1);
    pool.submit([&] {
            const auto stack = heddle::rt::fiber::current();
            auto inner = pool.submit([] { return heddle::rt::fiber::current(); });
            EXPECT_NE(inner.get_for(1h), stack);
        })
        .get();
}

TEST(thread_pool_waits, blocking_lends_a_thread_and_frees_the_worker) {
    thread_pool pool(1);
    std::atomic<bool> go{false};
    auto blocked = pool.submit([&] {
        const auto task = heddle::rt::current_task().id();
        const auto worker = std::this_thread::get_id();
        return heddle::blocking([&] {
            EXPECT_NE(std::this_thread::get_id(), worker);
            EXPECT_EQ(heddle::rt::current_task().id(), task);
            go.wait(false);
            return 7;
        });
    });
    EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);  // the only worker is free
    go = true;
    go.notify_all();
    EXPECT_EQ(blocked.get(), 7);
    EXPECT_THROW(pool.submit([] { heddle::blocking([] { throw std::runtime_error("foreign"); }); }).get(),
                 std::runtime_error);
    EXPECT_EQ(heddle::blocking([] { return 3; }), 3);  // on a thread, in place
}

TEST(thread_pool_waits, a_pool_with_a_capacity_makes_submitters_wait_for_room) {
    thread_pool pool({.workers = 1, .capacity = 2});
    std::atomic<bool> go{false};
    promise<> busy;
    pool.post([&] {
        busy.set_value();
        go.wait(false);
    });
    busy.get_future().get();
    pool.post([] {});
    EXPECT_TRUE(pool.try_submit([] {}).has_value());
    EXPECT_FALSE(pool.try_submit([] {}).has_value());
    std::atomic<bool> submitted{false};
    std::thread other([&] {
        pool.post([] {});
        submitted = true;
    });
    EXPECT_FALSE(submitted);
    go = true;
    go.notify_all();
    other.join();
    EXPECT_TRUE(submitted);
}

TEST(thread_pool_waits, a_task_may_submit_to_its_own_full_pool) {
    thread_pool pool({.workers = 1, .capacity = 1});
    std::atomic<int> ran{0};
    pool.submit([&] {
            for (int i = 0; i < 20; ++i) pool.post([&] { ran.fetch_add(1); });
        })
        .get();
    pool.shutdown();
    EXPECT_EQ(ran, 20);
}

TEST(thread_pool_waits, urgent_tasks_start_first_and_those_of_the_background_last) {
    thread_pool pool(1);
    std::atomic<bool> go{false};
    promise<> busy;
    pool.post([&] {
        busy.set_value();
        go.wait(false);
    });
    busy.get_future().get();
    std::vector<int> order;
    for (const int priority : {-1, 0, 5, 0, -3, 9})
        pool.submit_with({.priority = priority}, [&order, priority] { order.push_back(priority); });
    go = true;
    go.notify_all();
    pool.shutdown();
    EXPECT_EQ(order, (std::vector<int>{9, 5, 0, 0, -1, -3}));
}

TEST(thread_pool_waits, a_task_can_be_given_a_name) {
    thread_pool pool(1);
    const auto name =
        pool.submit_with({.name = "weave"}, [] { return heddle::rt::current_task().name(); }).get();
    EXPECT_EQ(name, "weave");
}

TEST(thread_pool_waits, map_with_a_bound_submits_as_results_are_taken) {
    thread_pool pool(2);
    std::atomic<int> begun{0};
    std::vector<int> items(20);
    std::iota(items.begin(), items.end(), 0);
    auto results = pool.map(
        [&](int x) {
            begun.fetch_add(1);
            return x;
        },
        items, {.in_flight = 3});
    EXPECT_EQ(results.size(), 20U);
    int expected = 0;
    for (const int x : results) {
        EXPECT_EQ(x, expected++);
        EXPECT_LE(begun, expected + 3);
    }
    EXPECT_EQ(expected, 20);
}

TEST(thread_pool_waits, map_in_chunks_gives_the_same_results_as_one_by_one) {
    thread_pool pool(2);
    std::vector<int> items(50);
    std::iota(items.begin(), items.end(), 0);
    for (const std::size_t chunk : {1U, 6U, 40U, 50U, 1000U}) {
        auto results = pool.map(
            [](int x) {
                if (x == 30) throw std::domain_error("thirty");
                return x * 2;
            },
            items, {.chunk = chunk});
        auto i = results.begin();
        for (int n = 0; n < 30; ++n, ++i) EXPECT_EQ(*i, 2 * n);
        EXPECT_THROW(*i, std::domain_error);
        ++i;
        EXPECT_EQ(*i, 62);
    }
}

TEST(thread_pool_waits, map_unordered_gives_results_as_they_finish) {
    thread_pool pool(2);
    heddle::event go;
    std::vector<int> seen;
    for (const auto& f : pool.map_unordered(
             [&](int x) {
                 if (x == 0) go.wait();
                 return x;
             },
             std::vector{0, 1, 2})) {
        seen.push_back(f.get());
        if (seen.size() == 2) go.set();
    }
    EXPECT_EQ(seen.back(), 0);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, (std::vector{0, 1, 2}));
}

TEST(thread_pool_waits, map_apply_calls_with_the_elements_of_tuples) {
    thread_pool pool(2);
    const std::vector<std::tuple<int, int>> pairs{{1, 2}, {3, 4}};
    EXPECT_EQ(pool.map_apply([](int a, int b) { return a * b; }, pairs).get(), (std::vector{2, 12}));
}

TEST(thread_pool_waits, current_is_the_pool_whose_task_calls) {
    thread_pool pool(1);
    EXPECT_EQ(thread_pool::current(), nullptr);
    EXPECT_EQ(pool.submit([] { return thread_pool::current(); }).get(), &pool);
}

TEST(thread_pool_waits, a_task_may_make_a_pool_of_its_own_and_take_it_down) {
    thread_pool pool(1);
    EXPECT_EQ(pool.submit([] {
                      thread_pool inner(2);
                      return inner.submit([] { return 3; }).get();
                  })
                  .get(),
              3);
}
