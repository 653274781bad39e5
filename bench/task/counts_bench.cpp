// SPDX-License-Identifier: BSL-1.0
// What does not scale, counted: how often the workers of a pool have to do with each other, for each fork or
// task. The counts are exact; the times beside them are only how long that took.
#include <benchmark/benchmark.h>
#include <cstdint>
#include <heddle/sync/latch.hpp>
#include <heddle/task/join.hpp>
#include <heddle/task/thread_pool.hpp>

namespace {

using heddle::thread_pool_stats;

// What was counted since `before`, for each of so many forks or tasks.
void report(benchmark::State& state, const heddle::thread_pool& pool, const thread_pool_stats& before,
            double each_time) {
    const thread_pool_stats now = pool.stats();
    const double all = each_time * static_cast<double>(state.iterations());
    const auto per_task = [&](std::uint64_t thread_pool_stats::* count) {
        return static_cast<double>(now.*count - before.*count) / all;
    };
    state.counters["steals"] = per_task(&thread_pool_stats::steals);
    state.counters["asks"] = per_task(&thread_pool_stats::asks);
    state.counters["promotions"] = per_task(&thread_pool_stats::promotions);
    state.counters["sleeps"] = per_task(&thread_pool_stats::sleeps);
    state.counters["wakes"] = per_task(&thread_pool_stats::wakes);
}

[[gnu::noinline]] long fib(int n) {
    if (n < 2) return n;
    const auto [a, b] = heddle::join([n] { return fib(n - 1); }, [n] { return fib(n - 2); });
    return a + b;
}

void counts_of_forks(benchmark::State& state) {
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    heddle::run_on(pool, [] { return fib(20); });
    const auto before = pool.stats();
    for (auto _ : state) benchmark::DoNotOptimize(heddle::run_on(pool, [] { return fib(30); }));
    report(state, pool, before, 1'346'268);
}
BENCHMARK(counts_of_forks)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->UseRealTime();

// Tasks that a task submits, each of half a microsecond or so.
void counts_of_submitted_tasks(benchmark::State& state) {
    constexpr int many = 10'000;
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    const auto round = [&] {
        heddle::latch all(many);
        pool.post([&] {
            for (int i = 0; i < many; ++i)
                pool.post([&] {
                    for (int n = 0; n < 1000; ++n) benchmark::DoNotOptimize(n);
                    all.count_down();
                });
        });
        all.wait();
    };
    round();
    const auto before = pool.stats();
    for (auto _ : state) round();
    report(state, pool, before, many);
}
BENCHMARK(counts_of_submitted_tasks)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->UseRealTime();

void counts_of_tasks_from_outside(benchmark::State& state) {
    constexpr int many = 10'000;
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    const auto round = [&] {
        heddle::latch all(many);
        for (int i = 0; i < many; ++i) pool.post([&] { all.count_down(); });
        all.wait();
    };
    round();
    const auto before = pool.stats();
    for (auto _ : state) round();
    report(state, pool, before, many);
}
BENCHMARK(counts_of_tasks_from_outside)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->UseRealTime();

}  // namespace
