// SPDX-License-Identifier: BSL-1.0
#pragma once

// The ways to run two calls at the same time that are compared, each with the same interface: P::run(workers,
// f) calls f where its forks count, P::both(f, g) forks, and P::all(f...) forks for each but one. And how
// they are measured.

#include <benchmark/benchmark.h>
#include <array>
#include <cstddef>
#include <future>
#include <heddle/task/join.hpp>
#include <heddle/task/thread_pool.hpp>
#include <utility>

#ifdef HEDDLE_BENCH_TBB
#include <tbb/global_control.h>
#include <tbb/parallel_invoke.h>
#include <tbb/task_arena.h>
#endif

namespace peers {

/// Two real calls, and nothing else.
struct serial {
    template <class F> static auto run(int, F f) { return f(); }
    // Two calls that stay calls: a compiler makes a loop of one of them, or of several levels one, as it
    // could with no fork in between.
    template <class F, class G> static void both(F&& f, G&& g) {
        f();
        asm volatile("" : : : "memory");
        g();
        asm volatile("" : : : "memory");
    }
    template <class... F> static void all(F&&... f) { (f(), ...); }
};

struct heddle {
    template <class F> static auto run(int workers, F f) {
        // As deep as the others, which recurse on stacks of threads.
        constexpr std::size_t stack = std::size_t{8} << 20;
        static ::heddle::thread_pool one({.workers = 1, .stack_size = stack});
        static ::heddle::thread_pool two({.workers = 2, .stack_size = stack});
        return ::heddle::run_on(workers == 1 ? one : two, f);
    }
    template <class F, class G> static void both(F&& f, G&& g) {
        ::heddle::join(std::forward<F>(f), std::forward<G>(g));
    }
    template <class... F> static void all(F&&... f) { ::heddle::join(std::forward<F>(f)...); }
};

#ifdef HEDDLE_BENCH_TBB
struct tbb {
    template <class F> static auto run(int workers, F f) {
        const ::tbb::global_control limit(::tbb::global_control::max_allowed_parallelism,
                                          static_cast<std::size_t>(workers));
        ::tbb::task_arena arena(workers);
        return arena.execute(f);
    }
    template <class F, class G> static void both(F&& f, G&& g) {
        ::tbb::parallel_invoke(std::forward<F>(f), std::forward<G>(g));
    }
    template <class... F> static void all(F&&... f) { ::tbb::parallel_invoke(std::forward<F>(f)...); }
};
#endif

#ifdef _OPENMP
struct openmp {
    template <class F> static auto run(int workers, F f) {
        decltype(f()) result{};
#pragma omp parallel num_threads(workers)
#pragma omp single
        result = f();
        return result;
    }
    template <class F, class G> static void both(F&& f, G&& g) {
#pragma omp task default(shared)
        f();
        g();
#pragma omp taskwait
    }
    template <class F, class... G> static void all(F&& f, G&&... g) {
        (fork(&g), ...);
        f();
#pragma omp taskwait
    }

 private:
    template <class F> static void fork(F* f) {
#pragma omp task firstprivate(f)
        (*f)();
    }
};
#endif

/// A thread for each fork: only for shapes with few of them.
struct async {
    template <class F> static auto run(int, F f) { return f(); }
    template <class F, class G> static void both(F&& f, G&& g) {
        auto first = std::async(std::launch::async, std::forward<F>(f));
        g();
        first.get();
    }
    template <class F, class... G> static void all(F&& f, G&&... g) {
        const std::array others{std::async(std::launch::async, std::forward<G>(g))...};
        f();
        for (const auto& other : others) other.wait();
    }
};

/// f() by P on as many workers as the benchmark says, again and again. @return what it gave
template <class P, class F> auto timed(benchmark::State& state, F f) {
    decltype(f()) result{};
    for (auto _ : state) {
        result = P::run(static_cast<int>(state.range(0)), f);
        benchmark::DoNotOptimize(&result);
    }
    return result;
}

}  // namespace peers

/// A benchmark of forks on one worker and on each number of them up to `most_workers`.
#define HEDDLE_BENCH_WITH(most_workers, ...) \
    BENCHMARK(__VA_ARGS__)->DenseRange(1, most_workers)->UseRealTime()->Unit(benchmark::kMillisecond)
