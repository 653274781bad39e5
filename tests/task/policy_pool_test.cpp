// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/policy_pool.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <atomic>
#include <heddle/policy/fcfs.hpp>
#include <heddle/policy/priority.hpp>
#include <heddle/policy/round_robin.hpp>
#include <heddle/policy/shortest_job_next.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/pinned.hpp>
#include <heddle/task/this_task.hpp>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>
#include "gate.hpp"
#include "rt/waiting.hpp"
#include "unseen.hpp"

using namespace std::chrono_literals;
using heddle::future;
using heddle::policy_pool;
using heddle::schedule_event;
using heddle::policy::stop_reason;
using kind = heddle::schedule_event::kind;
using heddle::policy::any_policy;
using heddle::policy::make_policy;

namespace {

// Tasks that are submitted while the only worker is kept busy: they begin in the order of the policy.
std::string order_of(const std::string& rule, const std::vector<heddle::task_options>& tasks) {
    std::string order;
    task_tests::gate busy;
    policy_pool pool(make_policy(rule), {.workers = 1});
    pool.post([&] { busy.pass(); });
    busy.entered();
    char name = 'a';
    for (const auto& how : tasks) pool.submit_with(how, [&order, n = name++] { order += n; });
    busy.open();
    pool.shutdown();
    return order;
}

// What happened to one task, without its arrivals.
std::vector<stop_reason> stops_of(const std::vector<schedule_event>& trace, std::uint64_t task) {
    std::vector<stop_reason> all;
    for (const auto& e : trace)
        if (e.task == task && e.what == kind::stop) all.push_back(e.reason);
    return all;
}

}  // namespace

TEST(policy_pool, runs_tasks_in_the_order_of_its_policy) {
    const std::vector<heddle::task_options> four{{.priority = 1, .burst = 30ms},
                                                 {.priority = 3, .burst = 10ms},
                                                 {.priority = 2, .burst = 20ms},
                                                 {.priority = 3, .burst = 5ms}};
    EXPECT_EQ(order_of("fcfs", four), "abcd");
    EXPECT_EQ(order_of("sjf", four), "dbca");
    EXPECT_EQ(order_of("priority", four), "bdca");
    EXPECT_EQ(order_of("edf", {{.due = heddle::rt::deadline::after(3s)},
                               {.due = heddle::rt::deadline::after(1s)},
                               {.due = heddle::rt::deadline::after(2s)}}),
              "bca");
}

TEST(policy_pool, chooses_among_what_is_submitted_together) {
    std::string order;
    policy_pool pool(make_policy("sjf"), {.workers = 1});
    pool.together([&] {
        pool.submit_with({.burst = 3ms}, [&] { order += 'c'; });
        pool.submit_with({.burst = 1ms}, [&] { order += 'a'; });
        heddle::rt::sleep_for(2ms);
        EXPECT_EQ(order, "");
        pool.submit_with({.burst = 2ms}, [&] { order += 'b'; });
    });
    EXPECT_THROW(pool.together([] { throw std::runtime_error("no"); }), std::runtime_error);
    pool.shutdown();
    EXPECT_EQ(order, "abc");
}

TEST(policy_pool, takes_a_policy_of_ones_own_type) {
    policy_pool pool(heddle::policy::fcfs(), {.workers = 2, .name = "own"});
    EXPECT_EQ(pool.workers(), 2u);
    EXPECT_EQ(pool.submit([](int x) { return x + 1; }, 1).get(), 2);
    EXPECT_EQ(pool.submit([]() -> std::string { throw std::runtime_error("no"); }).exception() != nullptr,
              true);
    EXPECT_EQ(pool.map([](int x) { return x * x; }, std::vector<int>{1, 2, 3}).get(),
              (std::vector<int>{1, 4, 9}));
}

TEST(policy_pool, a_task_whose_slice_is_over_lets_go_when_it_checks) {
    policy_pool pool(make_policy("round_robin 2ms"), {.workers = 1, .record = true});
    std::atomic<bool> both{false};
    const auto spin = [&] {
        while (!both.load()) std::this_thread::yield();
        for (int i = 0; i < 4; ++i) {
            const auto end = heddle::rt::clock::now() + 2ms;
            while (heddle::rt::clock::now() < end) {
            }
            heddle::this_task::check();
        }
    };
    auto a = pool.submit(spin);
    auto b = pool.submit(spin);
    both = true;
    a.get();
    b.get();
    pool.shutdown();
    const auto trace = pool.trace();
    EXPECT_THAT(stops_of(trace, 1), testing::Contains(stop_reason::expired));
    EXPECT_THAT(stops_of(trace, 2), testing::Contains(stop_reason::expired));
    // They took turns: one did not end before the other had begun.
    std::vector<std::uint64_t> started;
    for (const auto& e : trace)
        if (e.what == kind::start) started.push_back(e.task);
    EXPECT_GE(started.size(), 4u);
    EXPECT_EQ(started[0], 1u);
    EXPECT_EQ(started[1], 2u);
    EXPECT_EQ(started[2], 1u);
}

TEST(policy_pool, a_more_urgent_one_displaces_when_the_other_checks) {
    policy_pool pool(make_policy("priority preemptive"), {.workers = 1, .record = true});
    std::atomic<bool> begun{false};
    std::atomic<bool> go{false};
    std::string order;
    auto low = pool.submit_with({.priority = 1}, [&] {
        begun = true;
        begun.notify_all();
        go.wait(false);
        order += "low ";
        heddle::this_task::check();
        order += "low again ";
    });
    begun.wait(false);
    auto high = pool.submit_with({.priority = 2}, [&] { order += "high "; });
    go = true;
    go.notify_all();
    low.get();
    pool.shutdown();
    EXPECT_EQ(order, "low high low again ");
    EXPECT_EQ(stops_of(pool.trace(), 1), (std::vector{stop_reason::preempted, stop_reason::finished}));
}

TEST(policy_pool, a_check_that_nothing_asks_for_changes_nothing) {
    policy_pool pool(make_policy("fcfs"), {.workers = 1, .record = true});
    pool.submit([] {
            for (int i = 0; i < 100; ++i) heddle::this_task::check();
        })
        .get();
    pool.shutdown();
    EXPECT_EQ(stops_of(pool.trace(), 1), (std::vector{stop_reason::finished}));
}

TEST(policy_pool, one_that_yields_lets_the_others_go_first) {
    std::string order;
    task_tests::gate busy;
    policy_pool pool(make_policy("fcfs"), {.workers = 1, .record = true});
    pool.post([&] { busy.pass(); });
    busy.entered();
    for (const char name : {'a', 'b'})
        pool.submit([&order, name] {
            for (int i = 0; i < 3; ++i) {
                order += name;
                heddle::this_task::yield();
            }
        });
    busy.open();
    pool.shutdown();
    EXPECT_EQ(order, "ababab");
    EXPECT_EQ(stops_of(pool.trace(), 2)[0], stop_reason::yielded);
}

TEST(policy_pool, a_task_that_waits_frees_its_worker) {
    policy_pool pool(make_policy("fcfs"), {.workers = 1, .record = true});
    heddle::event open;
    auto waits = pool.submit([&] {
        open.wait();
        return 1;
    });
    pool.submit([&] { open.set(); }).get();
    EXPECT_EQ(waits.get(), 1);
    pool.shutdown();
    EXPECT_EQ(stops_of(pool.trace(), 1), (std::vector{stop_reason::blocked, stop_reason::finished}));
    std::string arrivals;
    for (const auto& e : pool.trace())
        if (e.what == kind::arrive) arrivals += std::to_string(e.task) + " ";
    EXPECT_EQ(arrivals, "1 2 1 ");
}

TEST(policy_pool, sleepers_wake_in_time_while_another_task_runs) {
    policy_pool pool(make_policy("fcfs"), {.workers = 2});
    std::vector<future<>> all;
    const auto begin = heddle::rt::clock::now();
    for (int i = 0; i < 20; ++i)
        all.push_back(pool.submit([i] { heddle::rt::sleep_for(std::chrono::milliseconds(20 - i)); }));
    for (auto& f : all) f.get();
    EXPECT_GE(heddle::rt::clock::now() - begin, 20ms);
}

TEST(policy_pool, tasks_of_it_may_submit_and_wait_for_each_other) {
    policy_pool pool(make_policy("fcfs"), {.workers = 1});
    EXPECT_EQ(pool.submit([&] { return pool.submit([] { return 20; }).get() + 1; }).get(), 21);
}

TEST(policy_pool, a_pinned_part_goes_on_on_the_same_thread) {
    policy_pool pool(make_policy("round_robin 1"), {.workers = 3});
    std::vector<future<>> all;
    for (int i = 0; i < 30; ++i)
        all.push_back(pool.submit([] {
            {
                const heddle::pinned here;
                const auto before = std::this_thread::get_id();
                for (int n = 0; n < 3; ++n) {
                    heddle::rt::sleep_for(100us);
                    heddle::this_task::yield();
                    EXPECT_EQ(std::this_thread::get_id(), before);
                }
            }
            heddle::this_task::yield();
        }));
    for (auto& f : all) f.get();
}

TEST(policy_pool, a_request_to_stop_reaches_a_task_at_its_check) {
    policy_pool pool(make_policy("fcfs"), {.workers = 1});
    auto f = pool.submit([] {
        for (;;) heddle::this_task::check();
    });
    f.request_stop();
    EXPECT_THROW(f.get(), heddle::cancelled);
}

TEST(policy_pool, shut_down_runs_what_is_pending_and_refuses_more) {
    int ran = 0;
    policy_pool pool(make_policy("fcfs"), {.workers = 1});
    for (int i = 0; i < 10; ++i) pool.post([&] { ++ran; });
    pool.shutdown();
    pool.shutdown();
    EXPECT_EQ(ran, 10);
    EXPECT_THROW(pool.submit([] {}), heddle::shutdown_error);
}

TEST(policy_pool, shut_down_may_withdraw_what_is_pending) {
    task_tests::gate busy;
    policy_pool pool(make_policy("fcfs"), {.workers = 1, .record = true});
    auto first = pool.submit([&] { busy.pass(); });
    busy.entered();
    auto second = pool.submit([] {});
    pool.shutdown({.wait = false, .cancel_pending = true});
    EXPECT_EQ(second.status(), heddle::future_status::cancelled);
    busy.open();
    pool.shutdown();
    EXPECT_NO_THROW(first.get());
}

TEST(policy_pool, a_task_of_it_cannot_wait_for_its_end) {
    policy_pool pool(make_policy("fcfs"), {.workers = 1});
    EXPECT_THROW(pool.submit([&] { pool.shutdown(); }).get(), heddle::invalid_state);
}

TEST(policy_pool, what_a_posted_call_throws_goes_to_the_hook) {
    const task_tests::unseen reports;
    {
        policy_pool pool(make_policy("fcfs"));
        pool.post([] { throw std::runtime_error("posted"); });
    }
    EXPECT_EQ(reports.list(),
              (std::vector<std::string>{"a task failed and nobody looked at its future: posted"}));
}

TEST(policy_pool, is_an_executor_for_then) {
    policy_pool pool(make_policy("fcfs"));
    auto f = pool.submit([] { return 1; }).then(pool, [](const future<int>& one) { return one.get() + 1; });
    EXPECT_EQ(f.get(), 2);
}

TEST(policy_pool, with_a_capacity_makes_submitters_wait_for_room) {
    task_tests::gate busy;
    policy_pool pool(make_policy("fcfs"), {.workers = 1, .capacity = 1});
    pool.post([&] { busy.pass(); });
    busy.entered();
    const auto fits = pool.submit([] { return 1; });
    EXPECT_FALSE(pool.try_submit([] { return 2; }).has_value());
    std::thread opens([&] { busy.open(); });
    EXPECT_EQ(pool.submit([&pool] { return pool.submit([] { return 3; }).get(); }).get(), 3);
    EXPECT_EQ(fits.get(), 1);
    EXPECT_EQ(pool.try_submit([] { return 2; }).value().get(), 2);
    opens.join();
    pool.shutdown({.wait = true, .cancel_pending = true});
    EXPECT_THROW(pool.submit([] {}), heddle::shutdown_error);
}

TEST(policy_pool, an_initializer_runs_on_each_worker_and_one_that_throws_breaks_the_pool) {
    std::atomic<int> ran{0};
    {
        policy_pool pool(make_policy("fcfs"), {.workers = 2, .initializer = [&] { ++ran; }});
    }
    EXPECT_EQ(ran, 2);
    task_tests::gate before;
    policy_pool broken(make_policy("fcfs"), {.workers = 1, .initializer = [&] {
                                                 before.pass();
                                                 throw std::runtime_error("no licence");
                                             }});
    const auto pending = broken.submit([] {});
    before.open();
    EXPECT_THROW(pending.get(), heddle::broken_pool);
    EXPECT_THROW(broken.submit([] {}), heddle::broken_pool);
}

TEST(policy_pool, its_end_can_be_waited_for_with_a_limit) {
    task_tests::gate busy;
    policy_pool pool(make_policy("fcfs"), {.workers = 1});
    pool.post([&] { busy.pass(); });
    busy.entered();
    EXPECT_FALSE(pool.try_shutdown());
    EXPECT_FALSE(pool.shutdown_for(1ms));
    busy.open();
    EXPECT_TRUE(pool.shutdown_for(1h));
}

TEST(policy_pool, maps_tuples_and_gives_results_as_they_come) {
    policy_pool pool(make_policy("fcfs"), {.workers = 1});
    const std::vector<std::tuple<int, int>> pairs{{1, 2}, {3, 4}};
    EXPECT_EQ(pool.map_apply([](int a, int b) { return a * b; }, pairs).get(), (std::vector<int>{2, 12}));
    int sum = 0;
    for (const auto& f :
         pool.map_unordered([](int x) { return x; }, std::vector<int>{1, 2, 3}, {.in_flight = 2}))
        sum += f.get();
    EXPECT_EQ(sum, 6);
}

TEST(policy_pool, many_tasks_that_wait_yield_and_check_on_several_workers) {
    for (const char* rule :
         {"fcfs", "round_robin 1us", "priority preemptive", "fair", "lottery", "stride", "mlfq"}) {
        std::atomic<int> ended{0};
        heddle::mutex m;
        heddle::semaphore few(2);
        long inside = 0;
        {
            policy_pool pool(make_policy(rule), {.workers = 3});
            for (int i = 0; i < 300; ++i)
                pool.submit_with({.priority = i % 5, .weight = static_cast<std::uint32_t>(1 + i % 3)},
                                 [&, i] {
                                     for (int n = 0; n < 5; ++n) {
                                         heddle::this_task::check();
                                         const std::lock_guard guard(m);
                                         ++inside;
                                         if (i % 7 == 0)
                                             heddle::this_task::yield();  // while it holds the lock
                                     }
                                     few.acquire();
                                     if (i % 11 == 0) heddle::rt::sleep_for(10us);
                                     few.release();
                                     ended.fetch_add(1);
                                 });
        }
        EXPECT_EQ(ended.load(), 300) << rule;
        EXPECT_EQ(inside, 1500) << rule;
    }
}
