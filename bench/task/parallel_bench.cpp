// SPDX-License-Identifier: BSL-1.0
// Loops over many items: 10^8 that take a third of a nanosecond, a thousand that take a microsecond, and
// none.
#include <benchmark/benchmark.h>
#include <cstdint>
#include <heddle/task/parallel.hpp>
#include <heddle/task/thread_pool.hpp>
#include <vector>

#ifdef HEDDLE_BENCH_TBB
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#endif

namespace {

constexpr std::size_t trivial = 100'000'000;

// A function that stays one: in each loop the compiler would lay it out differently.
[[gnu::noinline]] void work_for_a_microsecond(std::uint64_t seed) {
    for (int i = 0; i < 1000; ++i) benchmark::DoNotOptimize(seed = seed * 6364136223846793005 + 1);
}

void trivial_items(benchmark::State& state) {
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    std::vector<std::uint8_t> items(trivial);
    heddle::run_on(pool, [&] {
        for (auto _ : state)
            heddle::parallel_for(std::size_t{0}, trivial, [&](std::size_t i) { items[i] += 1; });
    });
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(trivial));
}
BENCHMARK(trivial_items)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void items_of_a_microsecond_serial(benchmark::State& state) {
    for (auto _ : state)
        for (std::uint64_t i = 0; i < 1000; ++i) work_for_a_microsecond(i);
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(items_of_a_microsecond_serial)->UseRealTime()->Unit(benchmark::kMicrosecond);

// As oneTBB has it: who calls is one of the workers.
void items_of_a_microsecond(benchmark::State& state) {
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    heddle::run_on(pool, [&] {
        for (auto _ : state)
            heddle::parallel_for(std::uint64_t{0}, std::uint64_t{1000}, work_for_a_microsecond);
    });
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(items_of_a_microsecond)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMicrosecond);

// The caller is a thread outside, which is woken at the end.
void items_of_a_microsecond_from_outside(benchmark::State& state) {
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    for (auto _ : state)
        heddle::run_on(pool, [] {
            heddle::parallel_for(std::uint64_t{0}, std::uint64_t{1000}, work_for_a_microsecond);
        });
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(items_of_a_microsecond_from_outside)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMicrosecond);

void two_empty_items(benchmark::State& state) {
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    heddle::run_on(pool, [&] {
        for (auto _ : state) heddle::parallel_for(0, 2, [](int i) { benchmark::DoNotOptimize(i); });
    });
}
BENCHMARK(two_empty_items)->Arg(1)->Arg(2)->UseRealTime();

#ifdef HEDDLE_BENCH_TBB
void trivial_items_tbb(benchmark::State& state) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(state.range(0)));
    std::vector<std::uint8_t> items(trivial);
    for (auto _ : state)
        tbb::parallel_for(tbb::blocked_range<std::size_t>(0, trivial), [&](const auto& r) {
            for (std::size_t i = r.begin(); i < r.end(); ++i) items[i] += 1;
        });
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(trivial));
}
BENCHMARK(trivial_items_tbb)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void items_of_a_microsecond_tbb(benchmark::State& state) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) tbb::parallel_for(std::uint64_t{0}, std::uint64_t{1000}, work_for_a_microsecond);
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(items_of_a_microsecond_tbb)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMicrosecond);

void two_empty_items_tbb(benchmark::State& state) {
    for (auto _ : state) tbb::parallel_for(0, 2, [](int i) { benchmark::DoNotOptimize(i); });
}
BENCHMARK(two_empty_items_tbb)->UseRealTime();
#endif

}  // namespace
