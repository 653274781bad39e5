// SPDX-License-Identifier: BSL-1.0
// Latches: one that is made, counted down and waited for, and each operation alone, next to the standard
// library's and to the atomic operations that it takes.
#include <benchmark/benchmark.h>
#include <atomic>
#include <cstddef>
#include <heddle/sync/latch.hpp>
#include <latch>

namespace {

// More than a benchmark has iterations.
constexpr std::ptrdiff_t plenty = std::ptrdiff_t{1} << 30;

// What a latch cannot do without, if nobody has to wait.
class read_modify_write {
 public:
    explicit read_modify_write(std::ptrdiff_t expected) : left_(expected) {}
    void count_down() { benchmark::DoNotOptimize(left_.fetch_sub(1, std::memory_order_release)); }
    void wait() { benchmark::DoNotOptimize(left_.load(std::memory_order_acquire)); }

 private:
    std::atomic<std::ptrdiff_t> left_;
};

template <class Latch> void latch_of_one(benchmark::State& state) {
    for (auto _ : state) {
        Latch l(1);
        l.count_down();
        l.wait();
        benchmark::DoNotOptimize(&l);
    }
}

template <class Latch> void latch_count_down(benchmark::State& state) {
    Latch l(plenty);
    for (auto _ : state) l.count_down();
}

template <class Latch> void latch_that_is_zero(benchmark::State& state) {
    Latch l(0);
    for (auto _ : state) l.wait();
}

#define HEDDLE_BENCH_LATCH(latch)       \
    BENCHMARK(latch_of_one<latch>);     \
    BENCHMARK(latch_count_down<latch>); \
    BENCHMARK(latch_that_is_zero<latch>)
HEDDLE_BENCH_LATCH(read_modify_write);
HEDDLE_BENCH_LATCH(heddle::latch);
HEDDLE_BENCH_LATCH(std::latch);

}  // namespace
