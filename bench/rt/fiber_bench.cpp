// SPDX-License-Identifier: BSL-1.0
#include <benchmark/benchmark.h>
#include <heddle/rt/fiber.hpp>
#include <vector>

using heddle::rt::fiber;

namespace {

void suspend_until_told(void* stop) {
    while (!*static_cast<volatile bool*>(stop)) fiber::suspend(nullptr, nullptr);
}

// There and back is two switches; a time is for one.
void switch_one_way(benchmark::State& state) {
    bool stop = false;
    fiber f({}, suspend_until_told, &stop);
    f.resume();
    while (state.KeepRunningBatch(2)) f.resume();
    stop = true;
    f.resume();
}
BENCHMARK(switch_one_way);

// The same over so many fibers that their stacks are not in the first-level cache.
void switch_one_way_among_many(benchmark::State& state) {
    bool stop = false;
    std::vector<fiber*> fibers;
    for (std::int64_t i = 0; i < state.range(0); ++i)
        fibers.push_back(new fiber({}, suspend_until_told, &stop));
    for (auto* f : fibers) f->resume();
    std::size_t next = 0;
    while (state.KeepRunningBatch(2)) {
        fibers[next]->resume();
        next = next + 1 == fibers.size() ? 0 : next + 1;
    }
    stop = true;
    for (auto* f : fibers) {
        f->resume();
        delete f;
    }
}
BENCHMARK(switch_one_way_among_many)->Arg(100)->Arg(10000);

void create_run_finish(benchmark::State& state) {
    for (auto _ : state) {
        fiber f(
            {}, [](void*) {}, nullptr);
        f.resume();
    }
}
BENCHMARK(create_run_finish);

// Nothing to recycle: what a stack costs when it is mapped, touched once and unmapped.
void create_run_finish_fresh(benchmark::State& state) {
    // The ninth size in a program is not kept.
    for (std::size_t i = 1; i <= 8; ++i)
        fiber(
            {.stack_size = i << 16, .name = "size"}, [](void*) {}, nullptr);
    for (auto _ : state) {
        fiber f(
            {.stack_size = std::size_t{1} << 20, .guard_size = std::size_t{1} << 17, .name = "fresh"},
            [](void*) {}, nullptr);
        f.resume();
    }
}
BENCHMARK(create_run_finish_fresh);

}  // namespace
