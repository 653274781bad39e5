// SPDX-License-Identifier: BSL-1.0
// Locks: free, fought over by two threads with an empty and with a short section, and read by two. heddle's
// next to those of the standard library, Abseil and oneTBB.
#include <benchmark/benchmark.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <latch>
#include <mutex>
#include <shared_mutex>
#include <thread>

#ifdef HEDDLE_BENCH_ABSL
#include <absl/synchronization/mutex.h>
#endif
#ifdef HEDDLE_BENCH_TBB
#include <oneapi/tbb/mutex.h>
#include <oneapi/tbb/rw_mutex.h>
#endif

namespace {

#ifdef HEDDLE_BENCH_ABSL
struct absl_mutex {
    void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { m.Lock(); }
    void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { m.Unlock(); }
    void lock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { m.ReaderLock(); }
    void unlock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { m.ReaderUnlock(); }
    absl::Mutex m;
};
#endif

// On a line of its own, so that only the lock itself is fought over.
template <class Lock> struct alignas(128) guarded {
    Lock lock;
    alignas(128) long value = 0;
};

// glibc's mutex leaves out the atomic operations in a process that has never had a second thread.
[[maybe_unused]] const bool had_a_second_thread = (std::thread([] {}).join(), true);

// What a lock cannot do without.
struct compare_and_exchange {
    void lock() {
        std::uint32_t free = 0;
        word.compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed);
    }
    void unlock() { word.exchange(0, std::memory_order_release); }
    std::atomic<std::uint32_t> word{0};
};

template <class Lock> void uncontended(benchmark::State& state) {
    guarded<Lock> g;
    for (auto _ : state) {
        g.lock.lock();
        benchmark::DoNotOptimize(&g.value);
        g.lock.unlock();
    }
}

template <class Lock> void uncontended_shared(benchmark::State& state) {
    guarded<Lock> g;
    for (auto _ : state) {
        g.lock.lock_shared();
        benchmark::DoNotOptimize(&g.value);
        g.lock.unlock_shared();
    }
}

// An empty section. Items are sections of both threads together.
template <class Lock> void two_threads(benchmark::State& state) {
    static guarded<Lock> g;
    for (auto _ : state) {
        g.lock.lock();
        benchmark::DoNotOptimize(++g.value);
        g.lock.unlock();
    }
    state.SetItemsProcessed(state.iterations());
}

// About 50 ns inside and 100 outside.
template <class Lock> void two_threads_short_section(benchmark::State& state) {
    static guarded<Lock> g;
    long outside = 0;
    for (auto _ : state) {
        g.lock.lock();
        for (int i = 0; i < 40; ++i) benchmark::DoNotOptimize(++g.value);
        g.lock.unlock();
        for (int i = 0; i < 80; ++i) benchmark::DoNotOptimize(++outside);
    }
    state.SetItemsProcessed(state.iterations());
}

// Two threads for a twentieth of a second, again and again, with nothing to do outside. The counter share is
// how many sections the one had that had fewer, by those of the other; items are the sections of both.
template <class Lock> void two_threads_share(benchmark::State& state) {
    std::int64_t sections = 0;
    double share = 0;
    for (auto _ : state) {
        guarded<Lock> g;
        std::atomic<bool> stop{false};
        std::int64_t of_each[2] = {};
        std::latch begun(3);
        const auto work = [&](std::int64_t& mine) {
            begun.arrive_and_wait();
            std::int64_t n = 0;
            for (; !stop.load(std::memory_order_relaxed); ++n) {
                g.lock.lock();
                for (int i = 0; i < 40; ++i) benchmark::DoNotOptimize(++g.value);
                g.lock.unlock();
            }
            mine = n;
        };
        std::thread one([&] { work(of_each[0]); });
        std::thread other([&] { work(of_each[1]); });
        begun.arrive_and_wait();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        stop = true;
        one.join();
        other.join();
        sections += of_each[0] + of_each[1];
        const auto [less, more] = std::minmax(of_each[0], of_each[1]);
        share += static_cast<double>(less) / static_cast<double>(std::max<std::int64_t>(more, 1));
    }
    state.SetItemsProcessed(sections);
    state.counters["share"] = benchmark::Counter(share, benchmark::Counter::kAvgIterations);
}

template <class Lock> void two_readers(benchmark::State& state) {
    static guarded<Lock> g;
    for (auto _ : state) {
        g.lock.lock_shared();
        benchmark::DoNotOptimize(&g.value);
        g.lock.unlock_shared();
    }
    state.SetItemsProcessed(state.iterations());
}

// One section in a hundred writes.
template <class Lock> void two_threads_one_percent_writes(benchmark::State& state) {
    static guarded<Lock> g;
    int i = 0;
    for (auto _ : state) {
        if (++i % 100 == 0) {
            g.lock.lock();
            benchmark::DoNotOptimize(++g.value);
            g.lock.unlock();
        } else {
            g.lock.lock_shared();
            benchmark::DoNotOptimize(&g.value);
            g.lock.unlock_shared();
        }
    }
    state.SetItemsProcessed(state.iterations());
}

}  // namespace

BENCHMARK(uncontended<compare_and_exchange>);
BENCHMARK(uncontended<heddle::mutex>);
BENCHMARK(uncontended<std::mutex>);
BENCHMARK(uncontended<heddle::recursive_mutex>);
BENCHMARK(uncontended<std::recursive_mutex>);
BENCHMARK(uncontended<heddle::fair_mutex>);
BENCHMARK(uncontended<heddle::priority_mutex>);
BENCHMARK(uncontended<heddle::shared_mutex>);
BENCHMARK(uncontended<std::shared_mutex>);
BENCHMARK(uncontended_shared<heddle::shared_mutex>);
BENCHMARK(uncontended_shared<std::shared_mutex>);

BENCHMARK(two_threads<heddle::mutex>)->Threads(2)->UseRealTime();
BENCHMARK(two_threads<std::mutex>)->Threads(2)->UseRealTime();
BENCHMARK(two_threads<heddle::fair_mutex>)->Threads(2)->UseRealTime();
BENCHMARK(two_threads_short_section<heddle::mutex>)->Threads(2)->UseRealTime();
BENCHMARK(two_threads_short_section<std::mutex>)->Threads(2)->UseRealTime();
BENCHMARK(two_threads_short_section<heddle::fair_mutex>)->Threads(2)->UseRealTime();

BENCHMARK(two_threads_share<heddle::mutex>)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(two_threads_share<std::mutex>)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(two_threads_share<heddle::fair_mutex>)->UseRealTime()->Unit(benchmark::kMillisecond);

BENCHMARK(two_readers<heddle::shared_mutex>)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(two_readers<std::shared_mutex>)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(two_threads_one_percent_writes<heddle::shared_mutex>)->Threads(2)->UseRealTime();
BENCHMARK(two_threads_one_percent_writes<std::shared_mutex>)->Threads(2)->UseRealTime();

#ifdef HEDDLE_BENCH_ABSL
BENCHMARK(uncontended<absl_mutex>);
BENCHMARK(uncontended_shared<absl_mutex>);
BENCHMARK(two_threads<absl_mutex>)->Threads(2)->UseRealTime();
BENCHMARK(two_threads_short_section<absl_mutex>)->Threads(2)->UseRealTime();
BENCHMARK(two_readers<absl_mutex>)->Threads(1)->Threads(2)->UseRealTime();
#endif
#ifdef HEDDLE_BENCH_TBB
BENCHMARK(uncontended<tbb::mutex>);
BENCHMARK(uncontended_shared<tbb::rw_mutex>);
BENCHMARK(two_threads<tbb::mutex>)->Threads(2)->UseRealTime();
BENCHMARK(two_threads_short_section<tbb::mutex>)->Threads(2)->UseRealTime();
BENCHMARK(two_readers<tbb::rw_mutex>)->Threads(1)->Threads(2)->UseRealTime();
#endif
