// SPDX-License-Identifier: BSL-1.0
// How two threads that want the same lock all the time share it: heddle's locks next to those of the standard
// library, Abseil and oneTBB.
#include <benchmark/benchmark.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/mutex.hpp>
#include <latch>
#include <mutex>
#include <thread>
#include "locks.hpp"

namespace {

using namespace locks;

// Two threads for a twentieth of a second, again and again, with nothing to do outside. The counter share is
// how many sections the one had that had fewer, by those of the other; items are the sections of both.
template <class Lock> void two_threads_share(benchmark::State& state) {
    std::int64_t sections = 0;
    double share = 0;
    for (auto _ : state) {
        guarded<Lock> g;
        std::atomic<bool> stop{false};
        std::int64_t of_each[2] = {};
        std::latch begun(3);
        const auto work = [&](std::int64_t& mine) {
            begun.arrive_and_wait();
            std::int64_t n = 0;
            for (; !stop.load(std::memory_order_relaxed); ++n) {
                const held<Lock> hold(g.lock);
                for (int i = 0; i < 40; ++i) benchmark::DoNotOptimize(++g.value);
            }
            mine = n;
        };
        std::thread one([&] { work(of_each[0]); });
        std::thread other([&] { work(of_each[1]); });
        begun.arrive_and_wait();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        stop = true;
        one.join();
        other.join();
        sections += of_each[0] + of_each[1];
        const auto [less, more] = std::minmax(of_each[0], of_each[1]);
        share += static_cast<double>(less) / static_cast<double>(std::max<std::int64_t>(more, 1));
    }
    state.SetItemsProcessed(sections);
    state.counters["share"] = benchmark::Counter(share, benchmark::Counter::kAvgIterations);
}

}  // namespace

#define HEDDLE_BENCH_SHARE(lock) \
    BENCHMARK(two_threads_share<lock>)->UseRealTime()->Unit(benchmark::kMillisecond)
HEDDLE_BENCH_SHARE(heddle::mutex);
HEDDLE_BENCH_SHARE(heddle::fair_mutex);
HEDDLE_BENCH_SHARE(std::mutex);
#ifdef HEDDLE_BENCH_ABSL
HEDDLE_BENCH_SHARE(absl_mutex);
#endif
#ifdef HEDDLE_BENCH_TBB
HEDDLE_BENCH_SHARE(tbb::mutex);
HEDDLE_BENCH_SHARE(tbb::queuing_mutex);
#endif
