// SPDX-License-Identifier: BSL-1.0
// What a task costs: one after another, each waited for, and many at once.
#include <benchmark/benchmark.h>
#include <atomic>
#include <future>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/wait.hpp>
#include <thread>
#include <vector>

#ifdef HEDDLE_BENCH_TBB
#include <tbb/global_control.h>
#include <tbb/task_group.h>
#endif

namespace {

constexpr int many = 10'000;

void submit_and_get(benchmark::State& state) {
    heddle::thread_pool pool(static_cast<unsigned>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(pool.submit([] { return 1; }).get());
}
BENCHMARK(submit_and_get)->Arg(1)->Arg(2)->UseRealTime();

void submit_and_get_std_async(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(std::async(std::launch::async, [] { return 1; }).get());
}
BENCHMARK(submit_and_get_std_async)->UseRealTime();

// Empty tasks: items per second is how many the pool gets through.
void many_empty_tasks(benchmark::State& state) {
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
BENCHMARK(many_empty_tasks)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void many_empty_tasks_std_async(benchmark::State& state) {
    constexpr int fewer = 200;  // each is a thread
    std::vector<std::future<void>> all;
    for (auto _ : state) {
        for (int i = 0; i < fewer; ++i) all.push_back(std::async(std::launch::async, [] {}));
        for (const auto& f : all) f.wait();
        all.clear();
    }
    state.SetItemsProcessed(state.iterations() * fewer);
}
BENCHMARK(many_empty_tasks_std_async)->UseRealTime()->Unit(benchmark::kMillisecond);

#ifdef HEDDLE_BENCH_TBB
void many_empty_tasks_tbb(benchmark::State& state) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(state.range(0)));
    tbb::task_group group;
    for (auto _ : state) {
        for (int i = 0; i < many; ++i) group.run([] {});
        group.wait();
    }
    state.SetItemsProcessed(state.iterations() * many);
}
BENCHMARK(many_empty_tasks_tbb)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
#endif

void a_ready_future_is_read(benchmark::State& state) {
    heddle::thread_pool pool(1);
    const auto f = pool.submit([] { return 1; });
    f.wait();
    for (auto _ : state) benchmark::DoNotOptimize(f.get());
}
BENCHMARK(a_ready_future_is_read);

}  // namespace
