// SPDX-License-Identifier: BSL-1.0
// Events: where nobody has to wait, set, waited for and cleared, and each alone; and handing over between two
// threads. heddle's next to a flag with a condition variable, std::atomic_flag, a bare futex, which never
// looks before it sleeps, and the atomic operations that it takes.
#include <benchmark/benchmark.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <atomic>
#include <climits>
#include <condition_variable>
#include <cstdint>
#include <heddle/sync/event.hpp>
#include <mutex>
#include <thread>

namespace {

/// Clears itself when it lets somebody through.
class automatic_event {
 public:
    void set() { event_.set(); }
    void wait() { event_.wait(); }
    void clear() {}

 private:
    heddle::event event_{heddle::event_reset::automatic};
};

class condition_variable_and_bool {
 public:
    void set() {
        {
            const std::lock_guard guard(lock_);
            set_ = true;
        }
        changed_.notify_all();
    }
    void wait() {
        std::unique_lock guard(lock_);
        changed_.wait(guard, [&] { return set_; });
    }
    void clear() {
        const std::lock_guard guard(lock_);
        set_ = false;
    }

 private:
    std::mutex lock_;
    std::condition_variable changed_;
    bool set_ = false;
};

class atomic_flag {
 public:
    void set() {
        flag_.test_and_set(std::memory_order_release);
        flag_.notify_all();
    }
    void wait() { flag_.wait(false, std::memory_order_acquire); }
    void clear() { flag_.clear(std::memory_order_relaxed); }

 private:
    std::atomic_flag flag_;
};

class bare_futex {
 public:
    void set() {
        if (word_.exchange(is_set, std::memory_order_release) == waited_for)
            ::syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
    }
    void wait() {
        for (std::uint32_t now = word_.load(std::memory_order_acquire); now != is_set;
             now = word_.load(std::memory_order_acquire))
            if (now == waited_for ||
                word_.compare_exchange_strong(now, waited_for, std::memory_order_relaxed))
                ::syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, waited_for, nullptr, nullptr, 0);
    }
    void clear() {
        std::uint32_t now = is_set;
        word_.compare_exchange_strong(now, is_clear, std::memory_order_relaxed);
    }

 private:
    static constexpr std::uint32_t is_clear = 0, is_set = 1, waited_for = 2;
    std::atomic<std::uint32_t> word_{is_clear};
};

// What an event cannot do without, if nobody has to wait.
class read_modify_write {
 public:
    void set() { benchmark::DoNotOptimize(word_.exchange(1, std::memory_order_release)); }
    void wait() { benchmark::DoNotOptimize(word_.load(std::memory_order_acquire)); }
    void clear() { word_.fetch_and(~std::uint32_t{1}, std::memory_order_relaxed); }

 private:
    std::atomic<std::uint32_t> word_{0};
};

template <class Event> void event_set_wait_clear(benchmark::State& state) {
    Event e;
    for (auto _ : state) {
        e.set();
        e.wait();
        e.clear();
    }
}

// Of an event that is set already, which is as much to do.
template <class Event> void event_set(benchmark::State& state) {
    Event e;
    for (auto _ : state) e.set();
}

template <class Event> void event_clear(benchmark::State& state) {
    Event e;
    for (auto _ : state) e.clear();
}

template <class Event> void event_that_is_set(benchmark::State& state) {
    Event e;
    e.set();
    for (auto _ : state) e.wait();
}

// There and back: two hand-overs.
template <class Event> void event_ping_pong_threads(benchmark::State& state) {
    Event there;
    Event back;
    std::atomic<bool> stop{false};
    std::thread other([&] {
        for (;;) {
            there.wait();
            there.clear();
            if (stop.load(std::memory_order_relaxed)) return;
            back.set();
        }
    });
    for (auto _ : state) {
        there.set();
        back.wait();
        back.clear();
    }
    stop = true;
    there.set();
    other.join();
}

#define HEDDLE_BENCH_SINGLE(event)          \
    BENCHMARK(event_set_wait_clear<event>); \
    BENCHMARK(event_set<event>);            \
    BENCHMARK(event_clear<event>);          \
    BENCHMARK(event_that_is_set<event>)
#define HEDDLE_BENCH_EVENT(event) \
    HEDDLE_BENCH_SINGLE(event);   \
    BENCHMARK(event_ping_pong_threads<event>)->UseRealTime()
HEDDLE_BENCH_SINGLE(read_modify_write);
HEDDLE_BENCH_EVENT(heddle::event);
HEDDLE_BENCH_EVENT(condition_variable_and_bool);
HEDDLE_BENCH_EVENT(atomic_flag);
HEDDLE_BENCH_EVENT(bare_futex);
BENCHMARK(event_set_wait_clear<automatic_event>);
BENCHMARK(event_ping_pong_threads<automatic_event>)->UseRealTime();

}  // namespace
