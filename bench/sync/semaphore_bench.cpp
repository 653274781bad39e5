// SPDX-License-Identifier: BSL-1.0
// Semaphores: where nobody has to wait, both operations together and each alone, next to those of the
// standard library and of POSIX and to the atomic operations that it takes; and handing over between two
// threads and between two coroutines.
#include <benchmark/benchmark.h>
#include <semaphore.h>
#include <atomic>
#include <cstddef>
#include <heddle/io/event_loop.hpp>
#include <heddle/sync/semaphore.hpp>
#include <semaphore>
#include <thread>

namespace {

// More than a benchmark has iterations.
constexpr std::ptrdiff_t plenty = std::ptrdiff_t{1} << 30;

class posix_semaphore {
 public:
    explicit posix_semaphore(std::ptrdiff_t permits) {
        ::sem_init(&semaphore_, 0, static_cast<unsigned>(permits));
    }
    ~posix_semaphore() { ::sem_destroy(&semaphore_); }
    void acquire() { ::sem_wait(&semaphore_); }
    void release() { ::sem_post(&semaphore_); }

 private:
    sem_t semaphore_;
};

// What a semaphore cannot do without: one read-modify-write each.
class read_modify_write {
 public:
    explicit read_modify_write(std::ptrdiff_t permits) : permits_(permits) {}
    void acquire() {
        benchmark::DoNotOptimize(permits_.fetch_sub(1, std::memory_order_acquire));
    }
    void release() { benchmark::DoNotOptimize(permits_.fetch_add(1, std::memory_order_release)); }

 private:
    std::atomic<std::ptrdiff_t> permits_;
};

template <class Semaphore> void semaphore_free(benchmark::State& state) {
    Semaphore s(1);
    for (auto _ : state) {
        s.acquire();
        s.release();
    }
}

template <class Semaphore> void semaphore_acquire(benchmark::State& state) {
    Semaphore s(plenty);
    for (auto _ : state) s.acquire();
}

template <class Semaphore> void semaphore_release(benchmark::State& state) {
    Semaphore s(0);
    for (auto _ : state) s.release();
}

// A bounded semaphore can be released only after it has been acquired.
BENCHMARK(semaphore_free<heddle::bounded_semaphore>);
BENCHMARK(semaphore_acquire<heddle::bounded_semaphore>);
#define HEDDLE_BENCH_FREE(...)                 \
    BENCHMARK(semaphore_free<__VA_ARGS__>);    \
    BENCHMARK(semaphore_acquire<__VA_ARGS__>); \
    BENCHMARK(semaphore_release<__VA_ARGS__>)
HEDDLE_BENCH_FREE(read_modify_write);
HEDDLE_BENCH_FREE(heddle::semaphore);
HEDDLE_BENCH_FREE(std::counting_semaphore<>);
HEDDLE_BENCH_FREE(posix_semaphore);

// There and back: two hand-overs.
void semaphore_ping_pong_threads(benchmark::State& state) {
    heddle::semaphore there(0), back(0);
    std::atomic<bool> stop{false};
    std::thread other([&] {
        for (;;) {
            there.acquire();
            if (stop.load(std::memory_order_relaxed)) return;
            back.release();
        }
    });
    for (auto _ : state) {
        there.release();
        back.acquire();
    }
    stop = true;
    there.release();
    other.join();
}
BENCHMARK(semaphore_ping_pong_threads)->UseRealTime();

heddle::task<> answer(heddle::semaphore& there, heddle::semaphore& back, const bool& stop) {
    for (;;) {
        co_await there.async_acquire();
        if (stop) co_return;
        back.release();
    }
}

heddle::task<> ask(benchmark::State& state, heddle::semaphore& there, heddle::semaphore& back) {
    bool stop = false;
    auto other = heddle::spawn(answer(there, back, stop));
    for (auto _ : state) {
        there.release();
        co_await back.async_acquire();
    }
    stop = true;
    there.release();
    co_await other;
}

void semaphore_ping_pong_coroutines(benchmark::State& state) {
    heddle::semaphore there(0), back(0);
    heddle::run(ask(state, there, back));
}
BENCHMARK(semaphore_ping_pong_coroutines);

}  // namespace
