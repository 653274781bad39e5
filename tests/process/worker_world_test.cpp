// SPDX-License-Identifier: BSL-1.0
// What a call may use in its worker: everything that a program may, the rest of heddle too.
#include <gtest/gtest.h>
#include <unistd.h>
#include <cstdlib>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/gather.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/process/process_pool.hpp>
#include <heddle/task/thread_pool.hpp>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

int twice(int n) {
    return 2 * n;
}

// With a thread pool that lives only for the call.
int sum_with_threads(int n) {
    heddle::thread_pool threads(3);
    std::vector<int> items(static_cast<std::size_t>(n));
    std::iota(items.begin(), items.end(), 0);
    const auto doubled = threads.map(twice, items).get();
    return std::accumulate(doubled.begin(), doubled.end(), 0);
}

// With a thread pool that the worker keeps.
heddle::thread_pool& kept_threads() {
    static heddle::thread_pool threads(2);
    return threads;
}
int twice_in_kept_threads(int n) {
    return kept_threads().submit(twice, n).get();
}

int twice_in_a_thread(int n) {
    int result = 0;
    std::thread([&] { result = twice(n); }).join();
    return result;
}

int twice_in_coroutines(int n) {
    const auto half = [](int part) -> heddle::task<int> {
        co_await heddle::sleep(1ns);
        co_return part;
    };
    const auto both = [&half](int part) -> heddle::task<int> {
        const auto [a, b] = co_await heddle::gather(half(part), half(part));
        co_return a + b;
    };
    return heddle::run(both(n));
}

int fail_in_threads(std::string what) {
    heddle::thread_pool threads(1);
    return threads.submit([&what]() -> int { throw std::domain_error(what); }).get();
}

int twice_in_a_pool_of_its_own(int n) {
    heddle::process_pool inner(1);
    return inner.submit(twice, n).get();
}

int die_two_levels_down(int code) {
    heddle::process_pool inner(1);
    try {
        inner.submit([](int c) -> int { ::_exit(c); }, code).get();
    } catch (const heddle::worker_died& e) {
        return e.exit_code();
    }
    return -1;
}

}  // namespace

TEST(worker_world, a_call_may_use_a_thread_pool) {
    heddle::process_pool procs(1);
    for (int round = 0; round < 5; ++round) EXPECT_EQ(procs.submit(sum_with_threads, 100).get(), 9900);
}

TEST(worker_world, a_call_may_start_threads) {
    heddle::process_pool procs(1);
    EXPECT_EQ(procs.submit(twice_in_a_thread, 21).get(), 42);
}

TEST(worker_world, a_call_may_leave_threads_behind_for_the_next_and_the_pool_ends_all_the_same) {
    heddle::process_pool procs(1);
    const pid_t worker = procs.submit(&::getpid).get();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(procs.submit(twice_in_kept_threads, i).get(), 2 * i);
    EXPECT_EQ(procs.submit(&::getpid).get(), worker);
    procs.shutdown();
    EXPECT_TRUE(procs.pids().empty());
}

TEST(worker_world, a_call_may_run_coroutines) {
    heddle::process_pool procs(1);
    for (int round = 0; round < 5; ++round) EXPECT_EQ(procs.submit(twice_in_coroutines, 21).get(), 42);
}

TEST(worker_world, an_exception_from_a_thread_of_a_worker_arrives) {
    heddle::process_pool procs(1);
    try {
        procs.submit(fail_in_threads, std::string("the weft is torn")).get();
        FAIL() << "nothing was thrown";
    } catch (const std::domain_error& e) {
        EXPECT_STREQ(e.what(), "the weft is torn");
    }
}

TEST(worker_world, a_call_may_use_a_process_pool) {
    heddle::process_pool procs(2);
    EXPECT_EQ(procs.map(twice_in_a_pool_of_its_own, std::vector{1, 2, 3, 4}, {.chunk = 1}).get(),
              (std::vector{2, 4, 6, 8}));
}

TEST(worker_world, a_call_sees_how_a_worker_of_its_own_died) {
    heddle::process_pool procs(1);
    EXPECT_EQ(procs.submit(die_two_levels_down, 7).get(), 7);
    EXPECT_EQ(procs.stats().workers_died, 0u);
}

TEST(worker_world, a_call_may_use_all_of_it_one_after_another) {
    heddle::process_pool procs(1);
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(procs.submit(twice_in_kept_threads, 1).get(), 2);
        EXPECT_EQ(procs.submit(twice_in_coroutines, 2).get(), 4);
        EXPECT_EQ(procs.submit(twice_in_a_pool_of_its_own, 3).get(), 6) << "it has threads by now";
    }
}
