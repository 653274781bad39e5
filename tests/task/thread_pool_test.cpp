// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/thread_pool.hpp>

#include <gtest/gtest.h>
#include <pthread.h>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/topology.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/wait.hpp>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "gate.hpp"
#include "rt/waiting.hpp"
#include "unseen.hpp"

using namespace std::chrono_literals;
using heddle::future;
using heddle::future_status;
using heddle::promise;
using heddle::shutdown_options;
using heddle::thread_pool;
using heddle::thread_pool_options;
using heddle::rt::deadline;
using task_tests::gate;
using task_tests::unseen;

static_assert(heddle::executor<thread_pool>);

namespace {

// How many threads of this process, with a name that begins with `name`, sleep.
int sleeping_threads(const std::string& name) {
    int asleep = 0;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(thread.path() / "stat");
        std::string stat;  // tid (name) state …
        std::getline(file, stat);
        const auto behind_name = stat.rfind(") ");
        if (behind_name == std::string::npos || stat.find('(' + name) == std::string::npos) continue;
        if (stat[behind_name + 2] == 'S') ++asleep;
    }
    return asleep;
}

}  // namespace

TEST(thread_pool, runs_what_is_submitted_and_gives_the_results) {
    thread_pool pool(2);
    EXPECT_EQ(pool.workers(), 2U);
    std::vector<future<int>> all;
    for (int i = 0; i < 100; ++i) all.push_back(pool.submit([](int x) { return x * 2; }, i));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), 2 * i);
}

TEST(thread_pool, has_as_many_workers_as_there_are_cpus_unless_told) {
    EXPECT_EQ(thread_pool().workers(), heddle::rt::cpu_count());
}

// That it compiles is the point: warnings are errors, and a member that is left out must not be worth one.
TEST(thread_pool, options_may_be_given_in_part) {
    thread_pool pool({.workers = 2});
    EXPECT_EQ(pool.workers(), 2U);
    EXPECT_GT(thread_pool({.name = "named"}).workers(), 0U);
    EXPECT_EQ(pool.map([](int x) { return x; }, std::vector{1}, {.chunk = 1}).get(), std::vector{1});
    pool.shutdown({.wait = false});
    EXPECT_EQ((heddle::wait_result<int>{.done = {}}.not_done.size()), 0U);
}

TEST(thread_pool, names_its_threads) {
    thread_pool pool({.workers = 1, .name = "loom"});
    const auto name = pool.submit([] {
                              std::array<char, 32> buffer{};
                              ::pthread_getname_np(::pthread_self(), buffer.data(), buffer.size());
                              return std::string(buffer.data());
                          })
                          .get();
    EXPECT_EQ(name, "loom-0");
}

TEST(thread_pool, keeps_what_a_task_throws_in_its_future) {
    thread_pool pool(1);
    auto f = pool.submit([]() -> int { throw std::runtime_error("task"); });
    EXPECT_THROW(f.get(), std::runtime_error);
    EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);
}

TEST(thread_pool, takes_and_gives_what_can_only_be_moved) {
    thread_pool pool(1);
    auto f = pool.submit(
        [own = std::make_unique<int>(1)](std::unique_ptr<int> given) {
            *given += *own;
            return given;
        },
        std::make_unique<int>(2));
    EXPECT_EQ(*std::move(f).take(), 3);
}

TEST(thread_pool, copies_arguments_unless_they_are_wrapped) {
    thread_pool pool(1);
    int value = 1;
    pool.submit([](int& x) { x = 2; }, std::ref(value)).get();
    EXPECT_EQ(value, 2);
    std::string text = "kept";
    pool.submit([](std::string s) { s.clear(); }, text).get();
    EXPECT_EQ(text, "kept");
}

TEST(thread_pool, runs_tasks_in_the_order_of_submission_with_one_worker) {
    thread_pool pool(1);
    std::vector<int> order;
    std::vector<future<>> all;
    for (int i = 0; i < 50; ++i) all.push_back(pool.submit([&order, i] { order.push_back(i); }));
    heddle::wait(all);
    std::vector<int> expected(50);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(order, expected);
}

TEST(thread_pool, runs_as_many_at_once_as_it_has_workers) {
    std::array<gate, 3> gates;
    thread_pool pool(3);
    for (auto& g : gates) pool.post([&g] { g.pass(); });
    for (auto& g : gates) g.entered();  // all three are inside at the same time
    for (auto& g : gates) g.open();
}

TEST(thread_pool, a_task_may_submit_and_post_more) {
    thread_pool pool(2);
    const auto inner = pool.submit([&] { return pool.submit([] { return 41; }); }).get();
    EXPECT_EQ(inner.get(), 41);
}

TEST(thread_pool, runs_also_what_its_last_tasks_submit_before_it_ends) {
    std::atomic<int> ran{0};
    promise<> submitted;
    {
        thread_pool pool(1);
        pool.post([&] {
            pool.post([&] { ran.fetch_add(1); });
            submitted.set_value();
        });
        submitted.get_future().get();
    }
    EXPECT_EQ(ran, 1);
}

TEST(thread_pool, EX03_refuses_work_after_shutdown_which_may_be_repeated) {
    thread_pool pool(1);
    pool.shutdown();
    pool.shutdown();
    pool.shutdown({.wait = false, .cancel_pending = true});
    EXPECT_THROW(pool.submit([] {}), heddle::shutdown_error);
    EXPECT_THROW(pool.post([] {}), heddle::shutdown_error);
    EXPECT_THROW(pool.map([](int) {}, std::vector<int>{1}), heddle::shutdown_error);
}

TEST(thread_pool, EX04_a_shutdown_that_cancels_withdraws_what_is_queued_and_lets_the_running_finish) {
    gate g;
    thread_pool pool(1);
    auto running = pool.submit([&] {
        g.pass();
        return 5;
    });
    auto queued = pool.submit([] { return 6; });
    g.entered();
    pool.shutdown({.wait = false, .cancel_pending = true});
    EXPECT_EQ(queued.status(), future_status::cancelled);
    EXPECT_FALSE(running.done());
    g.open();
    EXPECT_EQ(running.get(), 5);
    EXPECT_THROW(queued.get(), heddle::cancelled);
}

TEST(thread_pool, EX05_a_shutdown_that_does_not_wait_still_runs_what_is_queued) {
    std::atomic<int> ran{0};
    gate g;
    thread_pool pool(1);
    pool.post([&] { g.pass(); });
    g.entered();
    std::vector<future<>> all;
    for (int i = 0; i < 10; ++i) all.push_back(pool.submit([&] { ran.fetch_add(1); }));
    pool.shutdown({.wait = false, .cancel_pending = false});
    EXPECT_EQ(ran, 0);
    g.open();
    heddle::wait(all);
    EXPECT_EQ(ran, 10);
}

TEST(thread_pool, EX06_an_initializer_that_throws_breaks_the_pool) {
    thread_pool pool(
        {.workers = 1, .name = "fragile", .initializer = [] { throw std::runtime_error("no licence"); }});
    // A submit before the worker has failed gives a future that fails, a later one is refused.
    try {
        pool.submit([] { return 1; }).get();
        ADD_FAILURE() << "the pool worked";
    } catch (const heddle::broken_pool& e) {
        EXPECT_STREQ(e.what(), "the initializer of pool 'fragile' threw: no licence");
    }
    EXPECT_THROW(pool.submit([] { return 1; }), heddle::broken_pool);
    pool.shutdown();
}

TEST(thread_pool, EX06_what_is_pending_when_the_pool_breaks_fails) {
    std::atomic<int> started{0};
    promise<> go;
    thread_pool pool({.workers = 1, .name = "late", .initializer = [&] {
                          go.get_future().get();
                          throw std::runtime_error("late");
                      }});
    auto pending = pool.submit([&] { started.fetch_add(1); });
    go.set_value();
    EXPECT_THROW(pending.get(), heddle::broken_pool);
    EXPECT_EQ(started, 0);
}

TEST(thread_pool, runs_its_initializer_once_in_each_worker) {
    std::atomic<int> initialized{0};
    {
        thread_pool pool({.workers = 3, .name = "pool", .initializer = [&] { initialized.fetch_add(1); }});
    }
    EXPECT_EQ(initialized, 3);
}

TEST(thread_pool, EX07_tasks_one_after_another_all_run_on_one_of_ten_idle_workers) {
    thread_pool pool({.workers = 10, .name = "ten"});
    const auto all_asleep = [] { return sleeping_threads("ten-") == 10; };
    waiting::until(all_asleep);
    std::set<std::thread::id> seen;
    for (int i = 0; i < 100; ++i) {
        seen.insert(pool.submit([] { return std::this_thread::get_id(); }).get());
        // The result is there a moment before its worker is idle again; until then another one rightly runs
        // the next.
        waiting::until(all_asleep);
    }
    EXPECT_EQ(seen.size(), 1U);
}

TEST(thread_pool, an_exception_nobody_looked_at_is_reported_once) {
    const unseen reports;
    {
        thread_pool pool(1);
        pool.post([] { throw std::runtime_error("posted"); });
        auto looked_at = pool.submit([] { throw std::runtime_error("seen"); });
        EXPECT_THROW(looked_at.get(), std::runtime_error);
    }
    EXPECT_EQ(reports.list(),
              (std::vector<std::string>{"a task failed and nobody looked at its future: posted"}));
}

TEST(thread_pool, a_task_cannot_wait_for_its_own_pool_to_shut_down) {
    thread_pool pool(1);
    auto f = pool.submit([&] { pool.shutdown(); });
    EXPECT_THROW(f.get(), heddle::invalid_state);
    EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);  // and it was not shut down
}

TEST(thread_pool, a_task_can_shut_down_its_pool_without_waiting) {
    thread_pool pool(1);
    pool.submit([&] { pool.shutdown({.wait = false, .cancel_pending = false}); }).get();
    EXPECT_THROW(pool.submit([] {}), heddle::shutdown_error);
}

TEST(thread_pool, two_threads_may_wait_for_its_shutdown) {
    gate g;
    thread_pool pool(1);
    pool.post([&] { g.pass(); });
    g.entered();
    std::thread a([&] { pool.shutdown(); });
    std::thread b([&] { pool.shutdown(); });
    g.open();
    a.join();
    b.join();
}

TEST(thread_pool, request_stop_reaches_a_running_task_at_its_next_get) {
    promise<int> never;
    promise<> inside;
    thread_pool pool(1);
    auto f = pool.submit([&, g = never.get_future()] {
        inside.set_value();
        return g.get();
    });
    inside.get_future().get();
    f.request_stop();
    EXPECT_THROW(f.get(), heddle::cancelled);
    never.set_value(1);
}

TEST(thread_pool, request_stop_reaches_a_running_task_at_its_next_sleep) {
    gate g;
    thread_pool pool(1);
    auto f = pool.submit([&] {
        g.pass();  // not a point of cancellation
        heddle::rt::sleep_until(deadline::never());
    });
    g.entered();
    f.request_stop();
    EXPECT_FALSE(f.done());
    g.open();
    EXPECT_THROW(f.get(), heddle::cancelled);
}

TEST(thread_pool, request_stop_before_the_start_is_seen_at_the_first_point_of_cancellation) {
    gate g;
    thread_pool pool(1);
    pool.post([&] { g.pass(); });
    auto f = pool.submit([] { heddle::rt::sleep_until(deadline::never()); });
    f.request_stop();
    g.open();
    EXPECT_THROW(f.get(), heddle::cancelled);
}

TEST(thread_pool, a_task_that_does_not_look_finishes_although_it_is_asked_to_stop) {
    gate g;
    thread_pool pool(1);
    auto f = pool.submit([&] {
        g.pass();
        return 3;
    });
    g.entered();
    f.request_stop();
    g.open();
    EXPECT_EQ(f.get(), 3);
}

TEST(thread_pool, a_request_to_stop_one_task_does_not_reach_the_next_on_the_same_worker) {
    thread_pool pool(1);
    auto f = pool.submit([] { heddle::rt::current_task().request_stop(); });
    f.get();
    pool.submit([] { heddle::rt::sleep_for(0s); }).get();
}

TEST(thread_pool, cancel_withdraws_a_task_that_has_not_started_and_frees_what_it_holds) {
    gate g;
    thread_pool pool(1);
    pool.post([&] { g.pass(); });
    g.entered();
    auto held = std::make_shared<int>(1);
    auto f = pool.submit([held] { return *held; });
    EXPECT_TRUE(f.cancel());
    g.open();
    pool.submit([] {}).get();  // so the withdrawn one has been passed over
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_THROW(f.get(), heddle::cancelled);
}

TEST(thread_pool, a_shutdown_that_withdraws_frees_what_the_tasks_hold) {
    gate g;
    thread_pool pool(1);
    pool.post([&] { g.pass(); });
    g.entered();
    auto held = std::make_shared<int>(1);
    auto f = pool.submit([held] {});
    pool.shutdown({.wait = false, .cancel_pending = true});
    EXPECT_EQ(held.use_count(), 1);
    g.open();
}

TEST(thread_pool, a_refused_task_is_given_back_its_arguments_destroyed) {
    thread_pool pool(1);
    pool.shutdown();
    auto held = std::make_shared<int>(1);
    EXPECT_THROW(pool.submit([held] {}), heddle::shutdown_error);
    EXPECT_EQ(held.use_count(), 1);
}

TEST(thread_pool, destroys_the_closure_before_it_announces_the_result) {
    thread_pool pool(1);
    for (int i = 0; i < 100; ++i) {
        auto held = std::make_shared<int>(i);
        auto f = pool.submit([held] { return *held; });
        EXPECT_EQ(f.get(), i);
        EXPECT_EQ(held.use_count(), 1);
        auto g = pool.submit([held]() -> int { throw 1; });
        EXPECT_THROW(g.get(), int);
        EXPECT_EQ(held.use_count(), 1);
    }
}

TEST(thread_pool, a_result_whose_move_throws_fails_the_future) {
    struct brittle {
        brittle() = default;
        brittle(brittle&& other) : armed(other.armed) {
            if (armed) throw std::runtime_error("moved");
        }
        brittle(const brittle&) = default;
        bool armed = false;
    };
    thread_pool pool(1);
    auto f = pool.submit([] {
        brittle b;
        b.armed = true;
        return b;
    });
    EXPECT_THROW(f.get(), std::runtime_error);
}

TEST(thread_pool, its_workers_sleep_when_there_is_nothing_to_do) {
    // An idle pool that spins would use CPU time; a sleeping one uses none to speak of.
    thread_pool pool(2);
    pool.submit([] {}).get();
    timespec before{};
    timespec after{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    heddle::rt::sleep_for(50ms);
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    const auto used = std::chrono::seconds(after.tv_sec - before.tv_sec) +
                      std::chrono::nanoseconds(after.tv_nsec - before.tv_nsec);
    EXPECT_LT(used, 25ms);
}
