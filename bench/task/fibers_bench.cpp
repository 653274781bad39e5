// SPDX-License-Identifier: BSL-1.0
// What a task takes that waits: memory, and the time to begin and to end.
#include <benchmark/benchmark.h>
#include <unistd.h>
#include <cstdint>
#include <fstream>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/task/thread_pool.hpp>

namespace {

long resident_bytes() {
    long total = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

// Fibers that wait at the same time, and the memory that each takes.
void suspended_fibers(benchmark::State& state) {
    const auto n = state.range(0);
    for (auto _ : state) {
        heddle::thread_pool pool(1);
        heddle::event go;
        heddle::latch suspended(n), done(n);
        const long before = resident_bytes();
        for (std::int64_t i = 0; i < n; ++i)
            pool.post([&] {
                suspended.count_down();
                go.wait();
                done.count_down();
            });
        suspended.wait();
        state.counters["bytes_each"] =
            static_cast<double>(resident_bytes() - before) / static_cast<double>(n);
        go.set();
        done.wait();
    }
    state.SetItemsProcessed(state.iterations() * n);
}
BENCHMARK(suspended_fibers)
    ->Arg(10'000)
    ->Arg(100'000)
    ->UseRealTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
