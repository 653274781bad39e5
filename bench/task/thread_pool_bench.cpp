// SPDX-License-Identifier: BSL-1.0
// What a task costs: one after another, each waited for, and many at once.
#include <benchmark/benchmark.h>
#include <time.h>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/wait.hpp>
#include <thread>
#include <vector>
#include "pools.hpp"

#ifdef HEDDLE_BENCH_TBB
#include <tbb/global_control.h>
#include <tbb/task_group.h>
#endif

namespace {

using namespace pools;

constexpr int many = 10'000;

std::int64_t now(clockid_t which) {
    timespec t{};
    ::clock_gettime(which, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

void submit_and_get(benchmark::State& state) {
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(pool.submit([] { return 1; }).get());
}
BENCHMARK(submit_and_get)->Arg(1)->Arg(2)->UseRealTime();

void submit_and_get_std_async(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(std::async(std::launch::async, [] { return 1; }).get());
}
BENCHMARK(submit_and_get_std_async)->UseRealTime();

// The same where there is no future: a latch.
template <class Pool> void posted_and_waited_for(benchmark::State& state) {
    Pool pool(state.range(0));
    for (auto _ : state) {
        heddle::latch done(1);
        pool.post([&] { done.count_down(); });
        done.wait();
    }
}

// A task for a pool that has had nothing to do for a millisecond: how long until it begins, and what that
// costs the thread that submits it (ns of CPU).
template <class Pool> void posted_after_a_millisecond(benchmark::State& state) {
    Pool pool(state.range(0));
    double cpu = 0;
    for (auto _ : state) {
        heddle::rt::sleep_for(std::chrono::milliseconds(1));
        std::atomic<std::int64_t> begun{0};
        const std::int64_t cpu_before = now(CLOCK_THREAD_CPUTIME_ID);
        const std::int64_t before = now(CLOCK_MONOTONIC);
        pool.post([&] { begun = now(CLOCK_MONOTONIC); });
        cpu += static_cast<double>(now(CLOCK_THREAD_CPUTIME_ID) - cpu_before);
        while (begun == 0) heddle::rt::sleep_for(std::chrono::microseconds(20));
        state.SetIterationTime(static_cast<double>(begun - before) * 1e-9);
    }
    state.counters["submitter_ns"] = benchmark::Counter(cpu, benchmark::Counter::kAvgIterations);
}

// Empty tasks: items per second is how many the pool gets through.
void empty_tasks_with_futures(benchmark::State& state) {
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    std::vector<heddle::future<>> all;
    all.reserve(many);
    for (auto _ : state) {
        for (int i = 0; i < many; ++i) all.push_back(pool.submit([] {}));
        for (const auto& f : all) f.wait();
        all.clear();
    }
    state.SetItemsProcessed(state.iterations() * many);
}
BENCHMARK(empty_tasks_with_futures)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

// But for the latch by which one knows that all have run.
template <class Pool> void empty_tasks_posted_from_outside(benchmark::State& state) {
    Pool pool(state.range(0));
    for (auto _ : state) {
        heddle::latch done(many);
        for (int i = 0; i < many; ++i) pool.post([&] { done.count_down(); });
        done.wait();
    }
    state.SetItemsProcessed(state.iterations() * many);
}

void empty_tasks_posted_from_a_task(benchmark::State& state) {
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    for (auto _ : state) {
        heddle::latch done(many);
        pool.post([&] {
            for (int i = 0; i < many; ++i) pool.post([&] { done.count_down(); });
        });
        done.wait();
    }
    state.SetItemsProcessed(state.iterations() * many);
}
BENCHMARK(empty_tasks_posted_from_a_task)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void empty_tasks_std_async(benchmark::State& state) {
    constexpr int fewer = 200;  // each is a thread
    std::vector<std::future<void>> all;
    for (auto _ : state) {
        for (int i = 0; i < fewer; ++i) all.push_back(std::async(std::launch::async, [] {}));
        for (const auto& f : all) f.wait();
        all.clear();
    }
    state.SetItemsProcessed(state.iterations() * fewer);
}
BENCHMARK(empty_tasks_std_async)->UseRealTime()->Unit(benchmark::kMillisecond);

#ifdef HEDDLE_BENCH_TBB
// No futures there: the group knows when all have run. The calling thread is one of those who run them.
void empty_tasks_in_a_group_tbb(benchmark::State& state) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(state.range(0)));
    tbb::task_group group;
    for (auto _ : state) {
        for (int i = 0; i < many; ++i) group.run([] {});
        group.wait();
    }
    state.SetItemsProcessed(state.iterations() * many);
}
BENCHMARK(empty_tasks_in_a_group_tbb)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
#endif

#define HEDDLE_BENCH_POSTED_TO(pool)                                              \
    BENCHMARK(posted_and_waited_for<pool>)->Arg(1)->Arg(2)->UseRealTime();        \
    BENCHMARK(posted_after_a_millisecond<pool>)->Arg(1)->Arg(2)->UseManualTime(); \
    BENCHMARK(empty_tasks_posted_from_outside<pool>)                              \
        ->Arg(1)                                                                  \
        ->Arg(2)                                                                  \
        ->UseRealTime()                                                           \
        ->Unit(benchmark::kMillisecond)
HEDDLE_BENCH_POSTED_TO(of_heddle);
#ifdef HEDDLE_BENCH_TBB
HEDDLE_BENCH_POSTED_TO(of_tbb);
#endif
#ifdef HEDDLE_BENCH_ASIO
HEDDLE_BENCH_POSTED_TO(of_asio);
#endif

void a_ready_future_is_read(benchmark::State& state) {
    heddle::thread_pool pool(1);
    const auto f = pool.submit([] { return 1; });
    f.wait();
    for (auto _ : state) benchmark::DoNotOptimize(f.get());
}
BENCHMARK(a_ready_future_is_read);

}  // namespace
