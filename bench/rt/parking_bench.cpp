// SPDX-License-Identifier: BSL-1.0
// What it costs to take a lock that is free, and to wake a thread that waits: heddle's parking lot next to
// the bare futex below it and the standard library's primitives beside it.
#include <benchmark/benchmark.h>
#include <linux/futex.h>
#include <sys/syscall.h>
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

// A time is for there and back: two hand-overs.
template <class Way> void ping_pong(benchmark::State& state) {
    Way way;
    std::atomic<bool> stop{false};
    std::thread other([&] {
        while (true) {
            way.wait(1);
            if (stop.load(std::memory_order_relaxed)) return;
            way.give(0);
        }
    });
    for (auto _ : state) {
        way.give(1);
        way.wait(0);
    }
    stop = true;
    way.give(1);
    other.join();
}
BENCHMARK(ping_pong<by_parking_lot>)->UseRealTime();
BENCHMARK(ping_pong<by_futex>)->UseRealTime();
BENCHMARK(ping_pong<by_condition_variable>)->UseRealTime();

}  // namespace
