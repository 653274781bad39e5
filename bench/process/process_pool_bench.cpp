// SPDX-License-Identifier: BSL-1.0
#include <benchmark/benchmark.h>
#include <cstddef>
#include <cstdint>
#include <heddle/process/process_pool.hpp>
#include <vector>

using heddle::process_pool;

namespace {

int successor(int n) {
    return n + 1;
}
std::vector<std::byte> echo(std::vector<std::byte> v) {
    return v;
}

// One call at a time, there and back.
void submit_and_get(benchmark::State& state) {
    process_pool procs(1);
    for (auto _ : state) benchmark::DoNotOptimize(procs.submit(successor, 1).get());
}
BENCHMARK(submit_and_get)->UseRealTime();

// The same with an argument and a result of so many bytes.
void submit_and_get_bytes(benchmark::State& state) {
    process_pool procs(1);
    const std::vector<std::byte> block(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(procs.submit(echo, block).get().data());
    state.SetBytesProcessed(state.iterations() * 2 * state.range(0));
}
BENCHMARK(submit_and_get_bytes)->Arg(64)->Arg(64 << 10)->Arg(1 << 20)->Arg(64 << 20)->UseRealTime();

// Many calls that are all known; the argument is the chunk, 0 for the automatic one.
void map_items(benchmark::State& state) {
    process_pool procs;
    const std::vector<int> items(100'000, 1);
    const heddle::map_options options{.chunk = static_cast<std::size_t>(state.range(0))};
    for (auto _ : state) benchmark::DoNotOptimize(procs.map(successor, items, options).get().data());
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items.size()));
}
BENCHMARK(map_items)->ArgName("chunk")->Arg(1)->Arg(0)->UseRealTime()->Unit(benchmark::kMillisecond);

// The fork server, one worker, one call, and the end of all.
void start_use_end(benchmark::State& state) {
    for (auto _ : state) {
        process_pool procs(1);
        benchmark::DoNotOptimize(procs.submit(successor, 1).get());
    }
}
BENCHMARK(start_use_end)->UseRealTime()->Unit(benchmark::kMillisecond);

// A new worker from the server for every call.
void fresh_worker_for_each_call(benchmark::State& state) {
    process_pool procs({.workers = 1, .max_tasks_per_child = 1});
    for (auto _ : state) benchmark::DoNotOptimize(procs.submit(successor, 1).get());
}
BENCHMARK(fresh_worker_for_each_call)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
