// SPDX-License-Identifier: BSL-1.0
// Semaphores, events, latches and conditions: where nobody has to wait, and handing over between two threads
// and between two coroutines.
#include <benchmark/benchmark.h>
#include <semaphore.h>
#include <condition_variable>
#include <heddle/io/event_loop.hpp>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/monitor.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/once.hpp>
#include <heddle/sync/semaphore.hpp>
#include <latch>
#include <mutex>
#include <semaphore>
#include <thread>

namespace {

class posix_semaphore {
 public:
    explicit posix_semaphore(unsigned permits) { ::sem_init(&semaphore_, 0, permits); }
    ~posix_semaphore() { ::sem_destroy(&semaphore_); }
    void acquire() { ::sem_wait(&semaphore_); }
    void release() { ::sem_post(&semaphore_); }

 private:
    sem_t semaphore_;
};

template <class Semaphore> void semaphore_free(benchmark::State& state) {
    Semaphore s(1);
    for (auto _ : state) {
        s.acquire();
        s.release();
    }
}
BENCHMARK(semaphore_free<heddle::semaphore>);
BENCHMARK(semaphore_free<heddle::bounded_semaphore>);
BENCHMARK(semaphore_free<std::counting_semaphore<>>);
BENCHMARK(semaphore_free<posix_semaphore>);

void event_set_wait_clear(benchmark::State& state) {
    heddle::event e;
    for (auto _ : state) {
        e.set();
        e.wait();
        e.clear();
    }
}
BENCHMARK(event_set_wait_clear);

void event_that_is_set(benchmark::State& state) {
    heddle::event e(true);
    for (auto _ : state) e.wait();
}
BENCHMARK(event_that_is_set);

template <class Latch> void latch_of_one(benchmark::State& state) {
    for (auto _ : state) {
        Latch l(1);
        l.count_down();
        l.wait();
        benchmark::DoNotOptimize(&l);
    }
}
BENCHMARK(latch_of_one<heddle::latch>);
BENCHMARK(latch_of_one<std::latch>);

void once_that_is_done(benchmark::State& state) {
    heddle::once o;
    int n = 0;
    for (auto _ : state) o.call([&] { benchmark::DoNotOptimize(++n); });
}
BENCHMARK(once_that_is_done);

void monitor_free(benchmark::State& state) {
    heddle::monitor<long> m(0);
    for (auto _ : state) m.with([](long& n) { benchmark::DoNotOptimize(++n); });
}
BENCHMARK(monitor_free);

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

template <class Mutex, class Condition, class Lock> void condition_ping_pong(benchmark::State& state) {
    Mutex m;
    Condition changed(m);
    int turn = 0;
    bool stop = false;
    std::thread other([&] {
        Lock guard(m);
        for (;;) {
            changed.wait(guard, [&] { return turn == 1 || stop; });
            if (stop) return;
            turn = 0;
            changed.notify_one();
        }
    });
    {
        Lock guard(m);
        for (auto _ : state) {
            turn = 1;
            changed.notify_one();
            changed.wait(guard, [&] { return turn == 0; });
        }
        stop = true;
        changed.notify_one();
    }
    other.join();
}
struct heddle_condition : heddle::condition<> {
    using condition::condition;
    template <class Pred> void wait(std::unique_lock<heddle::mutex>&, Pred pred) { condition::wait(pred); }
};
struct std_condition : std::condition_variable {
    explicit std_condition(std::mutex&) {}
};
BENCHMARK(condition_ping_pong<heddle::mutex, heddle_condition, std::unique_lock<heddle::mutex>>)
    ->UseRealTime();
BENCHMARK(condition_ping_pong<std::mutex, std_condition, std::unique_lock<std::mutex>>)->UseRealTime();

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

heddle::task<> lock_free_one(benchmark::State& state, heddle::mutex& m) {
    for (auto _ : state) {
        co_await m.async_lock();
        m.unlock();
    }
}

void async_lock_uncontended(benchmark::State& state) {
    heddle::mutex m;
    heddle::run(lock_free_one(state, m));
}
BENCHMARK(async_lock_uncontended);

}  // namespace
