// SPDX-License-Identifier: BSL-1.0
// What it costs to take a lock that is free, and to wake a thread that waits: heddle's parking lot next to
// the bare futex below it and the standard library's primitives beside it.
#include <benchmark/benchmark.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/word_lock.hpp>
#include <mutex>
#include <thread>

namespace {

template <class Lock> void lock_and_unlock_uncontended(benchmark::State& state) {
    Lock lock;
    for (auto _ : state) {
        lock.lock();
        benchmark::DoNotOptimize(&lock);
        lock.unlock();
    }
}
BENCHMARK(lock_and_unlock_uncontended<heddle::rt::word_lock>);
BENCHMARK(lock_and_unlock_uncontended<std::mutex>);

void unpark_nobody(benchmark::State& state) {
    int word = 0;
    for (auto _ : state) benchmark::DoNotOptimize(heddle::rt::parking_lot::unpark_one(&word));
}
BENCHMARK(unpark_nobody);

// Three ways to wait until `turn` is `mine` and to give the turn to the other.
struct by_parking_lot {
    void wait(std::uint32_t mine) {
        while (turn.load(std::memory_order_acquire) != mine)
            heddle::rt::park(&turn, [&] { return turn.load(std::memory_order_relaxed) != mine; });
    }
    void give(std::uint32_t to) {
        turn.store(to, std::memory_order_release);
        heddle::rt::parking_lot::unpark_one(&turn);
    }
    std::atomic<std::uint32_t> turn{0};
};

struct by_futex {
    void wait(std::uint32_t mine) {
        while (turn.load(std::memory_order_acquire) != mine)
            ::syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, 1 - mine, nullptr, nullptr, 0);
    }
    void give(std::uint32_t to) {
        turn.store(to, std::memory_order_release);
        ::syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }
    std::atomic<std::uint32_t> turn{0};
};

struct by_condition_variable {
    void wait(std::uint32_t mine) {
        std::unique_lock guard(lock);
        changed.wait(guard, [&] { return turn == mine; });
    }
    void give(std::uint32_t to) {
        {
            std::lock_guard guard(lock);
            turn = to;
        }
        changed.notify_one();
    }
    std::mutex lock;
    std::condition_variable changed;
    std::uint32_t turn = 0;
};

// The first of the CPUs that the thread may use, where it shares one with the other.
void stay_on_one_cpu() {
    cpu_set_t may{};
    if (::sched_getaffinity(0, sizeof may, &may) != 0) return;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &may)) continue;
        cpu_set_t one{};
        CPU_SET(cpu, &one);
        ::sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

double process_cpu_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// A time is for there and back: two hand-overs; both_ns is the CPU time of both threads. With 1 they share a
// CPU, so that each hand-over is a sleep and a wake-up.
template <class Way> void ping_pong(benchmark::State& state) {
    cpu_set_t before{};
    ::sched_getaffinity(0, sizeof before, &before);
    if (state.range(0) == 1) stay_on_one_cpu();
    Way way;
    std::atomic<bool> stop{false};
    std::thread other([&] {
        while (true) {
            way.wait(1);
            if (stop.load(std::memory_order_relaxed)) return;
            way.give(0);
        }
    });
    const double cpu_before = process_cpu_ns();
    for (auto _ : state) {
        way.give(1);
        way.wait(0);
    }
    state.counters["both_ns"] =
        benchmark::Counter(process_cpu_ns() - cpu_before, benchmark::Counter::kAvgIterations);
    stop = true;
    way.give(1);
    other.join();
    ::sched_setaffinity(0, sizeof before, &before);
}
BENCHMARK(ping_pong<by_parking_lot>)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(ping_pong<by_futex>)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(ping_pong<by_condition_variable>)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
