// SPDX-License-Identifier: BSL-1.0
// Locks: free, and fought over by two threads with an empty and with a short section. heddle's next to those
// of the standard library, Abseil and oneTBB.
#include <benchmark/benchmark.h>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <mutex>
#include <shared_mutex>
#include "locks.hpp"

namespace {

using namespace locks;

template <class Lock> void uncontended(benchmark::State& state) {
    guarded<Lock> g;
    for (auto _ : state) {
        const held<Lock> hold(g.lock);
        benchmark::DoNotOptimize(&g.value);
    }
}

// An empty section. Items are sections of both threads together.
template <class Lock> void two_threads(benchmark::State& state) {
    static guarded<Lock> g;
    for (auto _ : state) {
        const held<Lock> hold(g.lock);
        benchmark::DoNotOptimize(++g.value);
    }
    state.SetItemsProcessed(state.iterations());
}

// About 50 ns inside and 100 outside.
template <class Lock> void two_threads_short_section(benchmark::State& state) {
    static guarded<Lock> g;
    long outside = 0;
    for (auto _ : state) {
        {
            const held<Lock> hold(g.lock);
            for (int i = 0; i < 40; ++i) benchmark::DoNotOptimize(++g.value);
        }
        for (int i = 0; i < 80; ++i) benchmark::DoNotOptimize(++outside);
    }
    state.SetItemsProcessed(state.iterations());
}

}  // namespace

BENCHMARK(uncontended<compare_and_exchange>);
BENCHMARK(uncontended<heddle::mutex>);
BENCHMARK(uncontended<std::mutex>);
BENCHMARK(uncontended<heddle::recursive_mutex>);
BENCHMARK(uncontended<std::recursive_mutex>);
BENCHMARK(uncontended<heddle::fair_mutex>);
BENCHMARK(uncontended<heddle::priority_mutex>);
BENCHMARK(uncontended<heddle::shared_mutex>);
BENCHMARK(uncontended<std::shared_mutex>);
#ifdef HEDDLE_BENCH_ABSL
BENCHMARK(uncontended<absl_mutex>);
#endif
#ifdef HEDDLE_BENCH_TBB
BENCHMARK(uncontended<tbb::mutex>);
BENCHMARK(uncontended<tbb::queuing_mutex>);
#endif

#define HEDDLE_BENCH_FOUGHT_OVER(lock)                       \
    BENCHMARK(two_threads<lock>)->Threads(2)->UseRealTime(); \
    BENCHMARK(two_threads_short_section<lock>)->Threads(2)->UseRealTime()
HEDDLE_BENCH_FOUGHT_OVER(heddle::mutex);
HEDDLE_BENCH_FOUGHT_OVER(std::mutex);
HEDDLE_BENCH_FOUGHT_OVER(heddle::fair_mutex);
#ifdef HEDDLE_BENCH_ABSL
HEDDLE_BENCH_FOUGHT_OVER(absl_mutex);
#endif
#ifdef HEDDLE_BENCH_TBB
HEDDLE_BENCH_FOUGHT_OVER(tbb::mutex);
HEDDLE_BENCH_FOUGHT_OVER(tbb::queuing_mutex);
#endif
