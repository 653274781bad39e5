// SPDX-License-Identifier: BSL-1.0
// What it costs to go from one stack to another, and to make one. Boost.Context's fiber and the bare switch
// below it beside heddle's fiber, which in addition swaps the state of exceptions and knows which fiber runs.
#include <benchmark/benchmark.h>
#include <heddle/rt/fiber.hpp>
#include <utility>
#include <vector>

#ifdef HEDDLE_BENCH_BOOST_CONTEXT
#include <boost/context/detail/fcontext.hpp>
#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#endif

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
        fiber f({}, [](void*) {}, nullptr);
        f.resume();
    }
}
BENCHMARK(create_run_finish);

// Nothing to recycle: what a stack costs when it is mapped, touched once and unmapped.
void create_run_finish_fresh(benchmark::State& state) {
    // The ninth size in a program is not kept.
    for (std::size_t i = 1; i <= 8; ++i)
        fiber({.stack_size = i << 16, .name = "size"}, [](void*) {}, nullptr);
    for (auto _ : state) {
        fiber f(
            {.stack_size = std::size_t{1} << 20, .guard_size = std::size_t{1} << 17, .name = "fresh"},
            [](void*) {}, nullptr);
        f.resume();
    }
}
BENCHMARK(create_run_finish_fresh);

#ifdef HEDDLE_BENCH_BOOST_CONTEXT
void switch_one_way_boost(benchmark::State& state) {
    bool stop = false;
    boost::context::fiber f([&stop](boost::context::fiber&& back) {
        while (!stop) back = std::move(back).resume();
        return std::move(back);
    });
    f = std::move(f).resume();
    while (state.KeepRunningBatch(2)) f = std::move(f).resume();
    stop = true;
    f = std::move(f).resume();
}
BENCHMARK(switch_one_way_boost);

// Only registers and the stack: nobody knows who runs, and an exception that is being handled on one stack is
// mixed up with one on the other.
void switch_one_way_boost_bare(benchmark::State& state) {
    namespace bare = boost::context::detail;
    std::vector<char> stack(std::size_t{1} << 16);
    auto at = bare::make_fcontext(stack.data() + stack.size(), stack.size(), [](bare::transfer_t from) {
        for (;;) from = bare::jump_fcontext(from.fctx, nullptr);
    });
    while (state.KeepRunningBatch(2)) at = bare::jump_fcontext(at, nullptr).fctx;
}
BENCHMARK(switch_one_way_boost_bare);

// With a guard page, and nothing to recycle.
void create_run_finish_fresh_boost(benchmark::State& state) {
    for (auto _ : state) {
        boost::context::fiber f(std::allocator_arg,
                                boost::context::protected_fixedsize_stack(std::size_t{1} << 20),
                                [](boost::context::fiber&& back) { return std::move(back); });
        f = std::move(f).resume();
    }
}
BENCHMARK(create_run_finish_fresh_boost);
#endif

}  // namespace
