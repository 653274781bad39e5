// SPDX-License-Identifier: BSL-1.0
// Once and monitors, where nobody has to wait, and a condition, by which two threads hand over.
#include <benchmark/benchmark.h>
#include <condition_variable>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/monitor.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/once.hpp>
#include <mutex>
#include <thread>

namespace {

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

}  // namespace
