// SPDX-License-Identifier: BSL-1.0
// Locks that are held by many who read or by one who writes: free, read by two threads, and read by two of
// which now and then one writes. heddle's next to those of the standard library, Abseil and oneTBB.
#include <benchmark/benchmark.h>
#include <heddle/sync/shared_mutex.hpp>
#include <shared_mutex>
#include "locks.hpp"

namespace {

using namespace locks;

template <class Lock> void uncontended_shared(benchmark::State& state) {
    guarded<Lock> g;
    for (auto _ : state) {
        g.lock.lock_shared();
        benchmark::DoNotOptimize(&g.value);
        g.lock.unlock_shared();
    }
}

template <class Lock> void two_readers(benchmark::State& state) {
    static guarded<Lock> g;
    for (auto _ : state) {
        g.lock.lock_shared();
        benchmark::DoNotOptimize(&g.value);
        g.lock.unlock_shared();
    }
    state.SetItemsProcessed(state.iterations());
}

// One section in a hundred writes.
template <class Lock> void two_threads_one_percent_writes(benchmark::State& state) {
    static guarded<Lock> g;
    int i = 0;
    for (auto _ : state) {
        if (++i % 100 == 0) {
            g.lock.lock();
            benchmark::DoNotOptimize(++g.value);
            g.lock.unlock();
        } else {
            g.lock.lock_shared();
            benchmark::DoNotOptimize(&g.value);
            g.lock.unlock_shared();
        }
    }
    state.SetItemsProcessed(state.iterations());
}

}  // namespace

#define HEDDLE_BENCH_SHARED(lock)                                        \
    BENCHMARK(uncontended_shared<lock>);                                 \
    BENCHMARK(two_readers<lock>)->Threads(1)->Threads(2)->UseRealTime(); \
    BENCHMARK(two_threads_one_percent_writes<lock>)->Threads(2)->UseRealTime()
HEDDLE_BENCH_SHARED(heddle::shared_mutex);
HEDDLE_BENCH_SHARED(std::shared_mutex);
#ifdef HEDDLE_BENCH_ABSL
HEDDLE_BENCH_SHARED(absl_mutex);
#endif
#ifdef HEDDLE_BENCH_TBB
HEDDLE_BENCH_SHARED(tbb::rw_mutex);
#endif
