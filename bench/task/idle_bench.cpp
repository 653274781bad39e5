// SPDX-License-Identifier: BSL-1.0
// What a pool costs that has nothing to do. The time is the CPU time that the process takes in a second, from
// the moment at which the last task of the pool is known to be done: so it includes what the workers look for
// more before they sleep.
#include <benchmark/benchmark.h>
#include <time.h>
#include <chrono>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/sync/latch.hpp>
#include "pools.hpp"

namespace {

using namespace pools;

double process_cpu_seconds() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// The floor: the thread that measures, and whatever other benchmarks of the program have left running.
struct nobody {
    explicit nobody(std::int64_t) {}
    template <class F> void post(F f) { f(); }
};

template <class Pool> void idle_for_a_second(benchmark::State& state) {
    heddle::rt::sleep_for(std::chrono::milliseconds(200));  // the threads of other benchmarks come to rest
    for (auto _ : state) {
        Pool pool(state.range(0));
        constexpr int some = 1000;  // so that every worker has been awake
        heddle::latch done(some);
        for (int i = 0; i < some; ++i) pool.post([&] { done.count_down(); });
        done.wait();
        const double before = process_cpu_seconds();
        heddle::rt::sleep_for(std::chrono::seconds(1));
        state.SetIterationTime(process_cpu_seconds() - before);
    }
}

#define HEDDLE_BENCH_IDLE(pool)        \
    BENCHMARK(idle_for_a_second<pool>) \
        ->Arg(1)                       \
        ->Arg(2)                       \
        ->Arg(4)                       \
        ->Iterations(1)                \
        ->UseManualTime()              \
        ->Unit(benchmark::kMicrosecond)
BENCHMARK(idle_for_a_second<nobody>)->Arg(0)->Iterations(1)->UseManualTime()->Unit(benchmark::kMicrosecond);
HEDDLE_BENCH_IDLE(of_heddle);
#ifdef HEDDLE_BENCH_TBB
HEDDLE_BENCH_IDLE(of_tbb);
#endif
#ifdef HEDDLE_BENCH_ASIO
HEDDLE_BENCH_IDLE(of_asio);
#endif

}  // namespace
