// SPDX-License-Identifier: BSL-1.0
#include <heddle/process/process_pool.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <heddle/io/event_loop.hpp>
#include <heddle/rt/topology.hpp>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/wait.hpp>
#include <map>
#include <numeric>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "gate.hpp"
#include "processes.hpp"
#include "task/unseen.hpp"

using processes::gate;
using processes::scratch_folder;
using ::testing::HasSubstr;

namespace {

int twice(int n) {
    return 2 * n;
}
int odd_or_throw(int n) {
    if (n % 2 == 0) throw std::invalid_argument("even: " + std::to_string(n));
    return n;
}
pid_t own_pid() {
    return ::getpid();
}
void touch(const std::string& path) {
    std::ofstream(path) << "here";
}
// Ends the pool when it is packed to be sent.
struct last_straw {
    heddle::process_pool* pool = nullptr;
    std::string not_only_bytes{};
    template <class Archive> void save(Archive&) const {
        if (pool != nullptr) pool->shutdown({.wait = false});
    }
    template <class Archive> void load(Archive&) {}
};
int nothing(last_straw) {
    return 0;
}
std::vector<int> numbers(int n) {
    std::vector<int> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

}  // namespace

static_assert(heddle::executor<heddle::process_pool>);

// submit

TEST(process_pool, runs_a_call_in_another_process) {
    heddle::process_pool procs(1);
    const pid_t worker = procs.submit(own_pid).get();
    EXPECT_NE(worker, ::getpid());
    EXPECT_THAT(procs.pids(), ::testing::ElementsAre(worker));
}

TEST(process_pool, posts_work_whose_failure_goes_to_the_hook) {
    const task_tests::unseen reports;
    const scratch_folder folder;
    {
        heddle::process_pool procs(1);
        procs.post(touch, folder.file("touched"));
        procs.post(odd_or_throw, 3);
        procs.post(odd_or_throw, 4);
    }
    EXPECT_TRUE(std::filesystem::exists(folder.file("touched")));
    EXPECT_THAT(reports.list(),
                ::testing::ElementsAre("a task failed and nobody looked at its future: even: 4"));
}

TEST(process_pool, has_one_worker_for_each_cpu_by_default) {
    heddle::process_pool procs;
    EXPECT_EQ(procs.workers(), heddle::rt::cpu_count());
    EXPECT_EQ(procs.submit(twice, 21).get(), 42);
}

TEST(process_pool, runs_as_many_calls_at_once_as_it_has_workers) {
    heddle::process_pool procs(3);
    const gate g;
    std::vector<heddle::future<pid_t>> calls;
    for (int i = 0; i < 3; ++i) calls.push_back(procs.submit(gate::pass, g.name()));
    std::set<pid_t> arrived;
    for (int i = 0; i < 3; ++i) arrived.insert(g.wait_for_arrival());
    EXPECT_EQ(arrived.size(), 3u);
    const auto alive = procs.pids();
    EXPECT_EQ(std::set<pid_t>(alive.begin(), alive.end()), arrived);
    for (int i = 0; i < 3; ++i) g.open();
    for (const auto& c : calls) EXPECT_EQ(arrived.count(c.get()), 1u);
}

TEST(process_pool, gives_a_thousand_results) {
    heddle::process_pool procs(2);
    std::vector<heddle::future<int>> results;
    for (int i = 0; i < 1000; ++i) results.push_back(procs.submit(twice, i));
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(results[static_cast<std::size_t>(i)].get(), 2 * i);
    EXPECT_EQ(procs.stats().tasks, 1000u);
    EXPECT_EQ(procs.stats().workers_died, 0u);
}

TEST(process_pool, takes_calls_from_several_threads) {
    heddle::process_pool procs(2);
    std::atomic<int> right{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&procs, &right, t] {
                for (int i = 0; i < 50; ++i)
                    right += procs.submit(twice, t * 100 + i).get() == 2 * (t * 100 + i);
            });
    }
    EXPECT_EQ(right, 200);
}

TEST(process_pool, can_be_awaited_in_a_coroutine_and_waited_for_in_a_pool_task) {
    heddle::process_pool procs(1);
    const auto asking = [&procs]() -> heddle::task<int> { co_return co_await procs.submit(twice, 21); };
    EXPECT_EQ(heddle::run(asking()), 42);
    heddle::thread_pool threads(1);
    EXPECT_EQ(threads.submit([&procs] { return procs.submit(twice, 4).get(); }).get(), 8);
}

TEST(process_pool, works_next_to_another_one) {
    heddle::process_pool one({.workers = 1, .name = "one"});
    heddle::process_pool two({.workers = 1, .name = "two"});
    const pid_t first = one.submit(own_pid).get();
    EXPECT_NE(first, two.submit(own_pid).get());
    one.shutdown();
    EXPECT_EQ(two.submit(twice, 21).get(), 42);
}

TEST(process_pool, works_inside_a_worker_of_another_one) {
    heddle::process_pool procs(1);
    const auto nested = [] {
        heddle::process_pool inner(1);
        return inner.submit(own_pid).get();
    };
    const pid_t innermost = procs.submit(nested).get();
    EXPECT_NE(innermost, procs.submit(own_pid).get());
}

// map

TEST(process_pool, PP03_map_keeps_the_order_for_every_chunk_size) {
    heddle::process_pool procs(2);
    const auto items = numbers(40);
    std::vector<int> expected;
    for (const int n : items) expected.push_back(2 * n);
    for (const std::size_t chunk :
         {std::size_t{0}, std::size_t{1}, std::size_t{6}, std::size_t{40}, std::size_t{50}})
        EXPECT_EQ(procs.map(twice, items, {.chunk = chunk}).get(), expected) << "chunk " << chunk;
}

TEST(process_pool, map_sends_as_many_items_together_as_it_is_told) {
    heddle::process_pool procs(1);
    procs.map(twice, numbers(40), {.chunk = 6}).get();
    EXPECT_EQ(procs.stats().tasks, 7u);
}

TEST(process_pool, map_of_nothing_gives_nothing) {
    heddle::process_pool procs(1);
    EXPECT_TRUE(procs.map(twice, std::vector<int>{}).get().empty());
}

TEST(process_pool, map_takes_arrays_sets_and_strings) {
    heddle::process_pool procs(1);
    const int array[] = {3, 1, 2};
    EXPECT_EQ(procs.map(twice, array).get(), (std::vector{6, 2, 4}));
    EXPECT_EQ(procs.map(twice, std::set{3, 1, 2}).get(), (std::vector{2, 4, 6}));
    const auto length = [](std::string s) { return s.size(); };
    EXPECT_EQ(procs.map(length, std::vector<std::string>{"", "a", "bb"}, {.chunk = 2}).get(),
              (std::vector<std::size_t>{0, 1, 2}));
}

TEST(process_pool, map_takes_a_vector_of_bool) {
    heddle::process_pool procs(1);
    const auto negate = [](bool b) { return b ? 0 : 1; };
    EXPECT_EQ(procs.map(negate, std::vector<bool>{true, false, false}).get(), (std::vector{0, 1, 1}));
}

TEST(process_pool, map_without_results_calls_for_every_item) {
    heddle::process_pool procs(2);
    const scratch_folder folder;
    std::vector<std::string> files;
    for (const char* name : {"a", "b", "c", "d"}) files.push_back(folder.file(name));
    procs.map(touch, files).get();
    for (const auto& f : files) EXPECT_TRUE(std::filesystem::exists(f)) << f;
}

TEST(process_pool, EX01_map_of_several_ranges_stops_at_the_shortest) {
    heddle::process_pool procs(2);
    const auto minus = [](int a, int b) { return a - b; };
    const std::vector<int> three{5, 7, 9};
    for (const std::size_t chunk : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
        EXPECT_EQ(procs.map(minus, three, std::set{1, 2, 3}, {.chunk = chunk}).get(), (std::vector{4, 5, 6}));
        EXPECT_EQ(procs.map(minus, three, std::views::iota(0), {.chunk = chunk}).get(),
                  (std::vector{5, 6, 7}));
        EXPECT_EQ(procs.map(minus, std::vector{1}, three, {.chunk = chunk}).get(), std::vector{-4});
    }
    EXPECT_TRUE(procs.map(minus, three, std::vector<int>{}).get().empty());
    const auto text = [](std::string a, int b, bool c) { return a + std::to_string(b) + (c ? "!" : "?"); };
    EXPECT_EQ(procs
                  .map(text, std::vector<std::string>{"a", "b"}, std::vector{1, 2},
                       std::vector<bool>{true, false}, {.chunk = 1})
                  .get(),
              (std::vector<std::string>{"a1!", "b2?"}));
}

TEST(process_pool, map_of_several_ranges_gives_the_first_error_at_its_position) {
    heddle::process_pool procs(1);
    const auto divide = [](int a, int b) { return b == 0 ? throw std::domain_error("zero") : a / b; };
    const auto results = procs.map(divide, std::vector{6, 6, 6}, std::vector{3, 0, 1}, {.chunk = 3});
    auto i = results.begin();
    EXPECT_EQ(*i, 2);
    EXPECT_THROW(*++i, std::domain_error);
    EXPECT_EQ(*++i, 6);
}

namespace {

// Travels as an argument, as bytes, but not as a part of something that travels otherwise.
struct extent {
    int x, y;
};

}  // namespace

TEST(process_pool, map_apply_calls_with_the_elements_of_tuples) {
    heddle::process_pool procs(1);
    const std::vector<std::tuple<int, std::string>> items{{1, "a"}, {2, "b"}};
    const auto text = [](int n, std::string s) { return s + std::to_string(n); };
    EXPECT_EQ(procs.map_apply(text, items, {.chunk = 2}).get(), (std::vector<std::string>{"a1", "b2"}));
    const auto area = [](extent e, int scale) { return e.x * e.y * scale; };
    const std::vector<std::pair<extent, int>> extents{{{1, 2}, 3}, {{4, 5}, 6}};
    EXPECT_EQ(procs.map_apply(area, extents).get(), (std::vector{6, 120}));
    EXPECT_EQ(procs.map_apply(text, std::map<int, std::string>{{3, "c"}}).get(),
              std::vector<std::string>{"c3"});
    const auto sum = [](int a, int b) { return a + b; };
    EXPECT_EQ(procs.map_apply(sum, std::vector<std::array<int, 2>>{{1, 2}, {3, 4}}).get(),
              (std::vector{3, 7}));
}

TEST(process_pool, EX01_map_gives_the_first_error_at_its_position) {
    heddle::process_pool procs(2);
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{3}, std::size_t{10}}) {
        const auto results = procs.map(odd_or_throw, std::vector{1, 3, 4, 5, 6}, {.chunk = chunk});
        auto at = results.begin();
        EXPECT_EQ(*at, 1);
        EXPECT_EQ(*++at, 3);
        ++at;
        EXPECT_THROW(*at, std::invalid_argument) << "chunk " << chunk;
    }
}

TEST(process_pool, MP06_map_goes_on_behind_an_item_that_fails) {
    heddle::process_pool procs(2);
    const auto results = procs.map(odd_or_throw, std::vector{1, 2, 3}, {.chunk = 3});
    auto at = results.begin();
    ++at;
    EXPECT_THROW(*at, std::invalid_argument);
    EXPECT_EQ(*++at, 3);
}

TEST(process_pool, EX01_map_submits_everything_even_if_nobody_looks) {
    const scratch_folder folder;
    std::vector<std::string> files;
    for (int i = 0; i < 5; ++i) files.push_back(folder.file(std::to_string(i)));
    {
        heddle::process_pool procs(1);
        procs.map(touch, files, {.chunk = 1});
    }
    for (const auto& f : files) EXPECT_TRUE(std::filesystem::exists(f)) << f;
}

TEST(process_pool, EX02_map_throws_timeout_error_at_its_deadline) {
    const gate g;  // outlives the pool, which waits for the item that is late
    heddle::process_pool procs(1);
    const std::vector<std::string> names(1, g.name());
    {
        auto late =
            procs.map(gate::pass, names, {.until = heddle::rt::deadline::after(std::chrono::nanoseconds(0))});
        EXPECT_THROW(late.get(), heddle::timeout_error);
    }
    g.open();
}

// cancel

TEST(process_pool, a_map_that_is_refused_halfway_withdraws_what_it_has_submitted) {
    heddle::process_pool procs(1);
    const gate g;
    const auto running = procs.submit(gate::pass, g.name());
    g.wait_for_arrival();
    EXPECT_THROW(procs.map(nothing, std::vector<last_straw>{{}, {}, {&procs}}, {.chunk = 1}),
                 heddle::shutdown_error);
    g.open();
    running.wait();
    procs.shutdown();
    EXPECT_EQ(procs.stats().tasks, 1U);
}

TEST(process_pool, a_call_withdrawn_before_it_starts_never_runs) {
    const scratch_folder folder;
    {
        heddle::process_pool procs(1);
        const gate g;
        const auto running = procs.submit(gate::pass, g.name());
        g.wait_for_arrival();
        const auto waiting = procs.submit(touch, folder.file("ran"));
        EXPECT_FALSE(running.cancel());
        EXPECT_TRUE(waiting.cancel());
        EXPECT_TRUE(waiting.cancel());
        g.open();
        EXPECT_GT(running.get(), 0);
        EXPECT_THROW(waiting.get(), heddle::cancelled);
    }
    EXPECT_FALSE(std::filesystem::exists(folder.file("ran")));
}

TEST(process_pool, an_item_withdrawn_from_a_chunk_leaves_the_others_their_results) {
    heddle::process_pool procs(1);
    const gate g;
    const auto blocking = procs.submit(gate::pass, g.name());
    g.wait_for_arrival();
    {
        // A map that is looked at and then goes away withdraws what has not started.
        const auto dropped = procs.map(twice, numbers(4), {.chunk = 4});
        dropped.begin();
    }
    auto kept = procs.map(twice, numbers(4), {.chunk = 4});
    g.open();
    EXPECT_EQ(kept.get(), (std::vector{0, 2, 4, 6}));
}

TEST(process_pool, a_request_to_stop_does_not_reach_a_running_call) {
    heddle::process_pool procs(1);
    const gate g;
    const auto running = procs.submit(gate::pass, g.name());
    g.wait_for_arrival();
    running.request_stop();
    g.open();
    EXPECT_GT(running.get(), 0);
}

// the end

TEST(process_pool, runs_everything_that_is_pending_before_it_goes) {
    heddle::future<int> last;
    {
        heddle::process_pool procs(1);
        for (int i = 0; i < 50; ++i) last = procs.submit(twice, i);
    }
    EXPECT_TRUE(last.done());
    EXPECT_EQ(last.get(), 98);
}

TEST(process_pool, EX03_a_submit_after_shutdown_throws_and_a_second_shutdown_is_fine) {
    heddle::process_pool procs(1);
    procs.shutdown();
    procs.shutdown();
    EXPECT_THROW(procs.submit(twice, 1), heddle::shutdown_error);
    EXPECT_THROW(procs.map(twice, numbers(3)), heddle::shutdown_error);
    EXPECT_THAT(procs.pids(), ::testing::IsEmpty());
}

TEST(process_pool, EX04_a_shutdown_that_withdraws_lets_the_running_call_finish) {
    heddle::process_pool procs(1);
    const gate g;
    const auto running = procs.submit(gate::pass, g.name());
    g.wait_for_arrival();
    const auto waiting = procs.submit(twice, 1);
    procs.shutdown({.wait = false, .cancel_pending = true});
    EXPECT_EQ(waiting.status(), heddle::future_status::cancelled);
    g.open();
    EXPECT_GT(running.get(), 0);
}

TEST(process_pool, EX05_a_shutdown_that_does_not_wait_still_runs_what_is_pending) {
    heddle::process_pool procs(1);
    const gate g;
    const auto running = procs.submit(gate::pass, g.name());
    const auto waiting = procs.submit(twice, 21);
    procs.shutdown({.wait = false});
    EXPECT_FALSE(waiting.done());
    g.open();
    EXPECT_GT(running.get(), 0);
    EXPECT_EQ(waiting.get(), 42);
}

TEST(process_pool, its_callbacks_may_submit_more) {
    heddle::process_pool procs(1);
    heddle::promise<int> result;
    const auto eventual = result.get_future();
    procs.submit(twice, 10).on_done([&](const heddle::future<int>& first) {
        procs.submit(twice, first.get()).on_done([&](const heddle::future<int>& second) {
            result.set_value(second.get());
        });
    });
    EXPECT_EQ(eventual.get(), 40);
}

TEST(process_pool, says_that_a_callback_cannot_wait_for_its_shutdown) {
    heddle::process_pool procs(1);
    heddle::promise<std::string> said;
    const auto eventual = said.get_future();
    const gate g;  // so that it is not done before somebody is to be called back, which would be here
    procs.submit(gate::pass, g.name()).on_done([&](const heddle::future<pid_t>&) {
        try {
            procs.shutdown();
            said.set_value("");
        } catch (const heddle::invalid_state& e) {
            said.set_value(e.what());
        }
    });
    g.open();
    EXPECT_THAT(eventual.get(), HasSubstr("cannot wait for its own pool"));
}

// options

TEST(process_pool, PP02_replaces_a_worker_after_so_many_tasks) {
    heddle::process_pool procs({.workers = 1, .max_tasks_per_child = 2});
    std::array<pid_t, 4> pids{};
    for (pid_t& p : pids) p = procs.submit(own_pid).get();
    EXPECT_EQ(pids[0], pids[1]);
    EXPECT_NE(pids[1], pids[2]);
    EXPECT_EQ(pids[2], pids[3]);
    EXPECT_EQ(procs.stats().workers_died, 0u);
}

TEST(process_pool, PP02_refuses_fork_as_start_method) {
    EXPECT_THROW(heddle::process_pool({.workers = 1, .start = heddle::start_method::fork}),
                 std::invalid_argument);
    EXPECT_THROW(
        heddle::process_pool({.workers = 1, .max_tasks_per_child = 2, .start = heddle::start_method::fork}),
        std::invalid_argument);
}

TEST(process_pool, says_which_start_method_there_is) {
    try {
        heddle::process_pool procs({.workers = 1, .start = heddle::start_method::spawn});
        FAIL() << "it started";
    } catch (const std::invalid_argument& e) {
        EXPECT_THAT(e.what(), HasSubstr("forkserver"));
    }
}
