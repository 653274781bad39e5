// SPDX-License-Identifier: BSL-1.0
// Loops over many items: 10^8 that take a third of a nanosecond, a thousand that take a microsecond, and
// none; by heddle, oneTBB and OpenMP.
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
#ifdef _OPENMP
#include <omp.h>
#endif

namespace {

/// Who is compared: inside() calls where loops are each()'s.
class of_heddle {
 public:
    explicit of_heddle(std::int64_t workers) : pool_(static_cast<unsigned>(workers)) {}
    template <class F> void inside(F f) { heddle::run_on(pool_, f); }
    template <class I, class F> static void each(I first, I last, F f) {
        heddle::parallel_for(first, last, f);
    }

 private:
    heddle::thread_pool pool_;
};
#ifdef HEDDLE_BENCH_TBB
class of_tbb {
 public:
    explicit of_tbb(std::int64_t workers)
        : limit_(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(workers)) {}
    template <class F> void inside(F f) { f(); }
    template <class I, class F> static void each(I first, I last, F f) {
        tbb::parallel_for(tbb::blocked_range<I>(first, last), [&](const auto& r) {
            for (I i = r.begin(); i < r.end(); ++i) f(i);
        });
    }

 private:
    tbb::global_control limit_;
};
#endif

#ifdef _OPENMP
/// A team for each loop, of threads that stay; each takes one part of the items, as long as those of the
/// others.
class of_openmp {
 public:
    explicit of_openmp(std::int64_t workers) { ::omp_set_num_threads(static_cast<int>(workers)); }
    ~of_openmp() { ::omp_set_num_threads(before_); }
    of_openmp(const of_openmp&) = delete;
    of_openmp& operator=(const of_openmp&) = delete;
    template <class F> void inside(F f) { f(); }
    template <class I, class F> static void each(I first, I last, F f) {
#pragma omp parallel for
        for (I i = first; i < last; ++i) f(i);
    }

 private:
    int before_ = ::omp_get_max_threads();
};
#endif

constexpr std::size_t trivial = 100'000'000;

// A function that stays one: in each loop the compiler would lay it out differently.
[[gnu::noinline]] void work_for_a_microsecond(std::uint64_t seed) {
    for (int i = 0; i < 1000; ++i) benchmark::DoNotOptimize(seed = seed * 6364136223846793005 + 1);
}

template <class Loops> void trivial_items(benchmark::State& state) {
    Loops loops(state.range(0));
    std::vector<std::uint8_t> items(trivial);
    loops.inside([&] {
        for (auto _ : state) Loops::each(std::size_t{0}, trivial, [&](std::size_t i) { items[i] += 1; });
    });
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(trivial));
}

void items_of_a_microsecond_serial(benchmark::State& state) {
    for (auto _ : state)
        for (std::uint64_t i = 0; i < 1000; ++i) work_for_a_microsecond(i);
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(items_of_a_microsecond_serial)->UseRealTime()->Unit(benchmark::kMicrosecond);

// Who calls is one of the workers.
template <class Loops> void items_of_a_microsecond(benchmark::State& state) {
    Loops loops(state.range(0));
    loops.inside([&] {
        for (auto _ : state) Loops::each(std::uint64_t{0}, std::uint64_t{1000}, work_for_a_microsecond);
    });
    state.SetItemsProcessed(state.iterations() * 1000);
}

// The caller is a thread outside, which is woken at the end.
void items_of_a_microsecond_from_outside(benchmark::State& state) {
    of_heddle loops(state.range(0));
    for (auto _ : state)
        loops.inside([] { of_heddle::each(std::uint64_t{0}, std::uint64_t{1000}, work_for_a_microsecond); });
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(items_of_a_microsecond_from_outside)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMicrosecond);

template <class Loops> void two_empty_items(benchmark::State& state) {
    Loops loops(state.range(0));
    loops.inside([&] {
        for (auto _ : state) Loops::each(0, 2, [](int i) { benchmark::DoNotOptimize(i); });
    });
}

#define HEDDLE_BENCH_LOOPS(loops)                                                                           \
    BENCHMARK(trivial_items<loops>)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);          \
    BENCHMARK(items_of_a_microsecond<loops>)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMicrosecond); \
    BENCHMARK(two_empty_items<loops>)->Arg(1)->Arg(2)->UseRealTime()
HEDDLE_BENCH_LOOPS(of_heddle);
#ifdef HEDDLE_BENCH_TBB
HEDDLE_BENCH_LOOPS(of_tbb);
#endif
#ifdef _OPENMP
HEDDLE_BENCH_LOOPS(of_openmp);
#endif

}  // namespace
