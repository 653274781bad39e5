// SPDX-License-Identifier: BSL-1.0
// What lock diagnosis costs, on (1) next to off (0): a mutex that is free, two that are nested, and one that
// two threads fight over.
#include <benchmark/benchmark.h>
#include <heddle/sync/diagnose.hpp>
#include <heddle/sync/mutex.hpp>
#include <mutex>
#include "locks.hpp"

namespace {

using locks::guarded;

// Whatever the environment says.
void switch_diagnosis(const benchmark::State& state) {
    if (state.range(0) == 0) {
        heddle::disable_lock_diagnosis();
        return;
    }
    heddle::lock_diagnosis_options options;
    options.report = [](const heddle::lock_finding&) {};  // a thread that starves is not what is looked for
    heddle::enable_lock_diagnosis(options);
}
void end_diagnosis(const benchmark::State&) {
    heddle::disable_lock_diagnosis();
}

void diagnosed_uncontended(benchmark::State& state) {
    guarded<heddle::mutex> g;
    for (auto _ : state) {
        const std::lock_guard hold(g.lock);
        benchmark::DoNotOptimize(&g.value);
    }
}

// The pair is known after the first time.
void diagnosed_nested(benchmark::State& state) {
    guarded<heddle::mutex> outer;
    guarded<heddle::mutex> inner;
    for (auto _ : state) {
        const std::lock_guard hold(outer.lock);
        const std::lock_guard hold_too(inner.lock);
        benchmark::DoNotOptimize(&inner.value);
    }
}

// An empty section. Items are sections of both threads together.
void diagnosed_two_threads(benchmark::State& state) {
    static guarded<heddle::mutex> g;
    for (auto _ : state) {
        const std::lock_guard hold(g.lock);
        benchmark::DoNotOptimize(++g.value);
    }
    state.SetItemsProcessed(state.iterations());
}

#define HEDDLE_BENCH_OFF_AND_ON(name) \
    BENCHMARK(name)->Arg(0)->Arg(1)->Setup(switch_diagnosis)->Teardown(end_diagnosis)
HEDDLE_BENCH_OFF_AND_ON(diagnosed_uncontended);
HEDDLE_BENCH_OFF_AND_ON(diagnosed_nested);
HEDDLE_BENCH_OFF_AND_ON(diagnosed_two_threads)->Threads(2)->UseRealTime();

}  // namespace
