// SPDX-License-Identifier: BSL-1.0
// Coroutines of one thread that take turns, meet at a mutex, and hand items over by a queue: heddle's on an
// event loop, next to those of Boost.Asio and to bare ones.
#include <benchmark/benchmark.h>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <heddle/io/event_loop.hpp>
#include <heddle/sync/mutex.hpp>
#include <vector>
#include "coroutine_peers.hpp"

namespace {

// The floor of all: two that resume each other, there and back.
void switch_to_a_bare_coroutine_and_back(benchmark::State& state) {
    struct to {
        std::coroutine_handle<>& other;
        std::coroutine_handle<>& self;
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) const noexcept {
            self = h;
            return other;
        }
        void await_resume() const noexcept {}
    };
    std::coroutine_handle<> one, other;
    bool stop = false;
    const auto answer = [&]() -> peers::bare::task {
        while (!stop) co_await to{one, other};
    };
    const auto ask = [&]() -> peers::bare::task {
        for (auto _ : state) co_await to{other, one};
        stop = true;
        other.resume();
    };
    other = answer().handle;
    ask().handle.resume();
}
BENCHMARK(switch_to_a_bare_coroutine_and_back);

// So many that do nothing else. Items are turns.
template <class P> void coroutines_that_take_turns(benchmark::State& state) {
    bool stop = false;
    std::int64_t turns = 0;
    const auto other = [&]() -> typename P::task {
        while (!stop) {
            co_await P::yield();
            ++turns;
        }
    };
    const auto first = [&]() -> typename P::task {
        for (auto _ : state) {
            co_await P::yield();
            ++turns;
        }
        stop = true;
        state.SetItemsProcessed(turns);
    };
    std::vector<typename P::task> all;
    all.push_back(first());
    while (std::ssize(all) < state.range(0)) all.push_back(other());
    P::run(std::move(all));
}

// As many, each of which lets the others have a turn while it holds the mutex, so that they find it locked.
// Items are sections.
template <class P> void coroutines_at_a_mutex(benchmark::State& state) {
    typename P::mutex m;
    bool stop = false;
    std::int64_t sections = 0;
    const auto other = [&]() -> typename P::task {
        while (!stop) {
            co_await m.lock();
            co_await P::yield();
            ++sections;
            m.unlock();
        }
    };
    const auto first = [&]() -> typename P::task {
        for (auto _ : state) {
            co_await m.lock();
            co_await P::yield();
            ++sections;
            m.unlock();
        }
        stop = true;
        state.SetItemsProcessed(sections);
    };
    std::vector<typename P::task> all;
    all.push_back(first());
    while (std::ssize(all) < state.range(0)) all.push_back(other());
    P::run(std::move(all));
}

// So many producers and as many consumers, by the capacity of the queue.
template <class P> void coroutines_at_a_queue(benchmark::State& state) {
    typename P::queue q(static_cast<std::size_t>(state.range(1)));
    constexpr long last = 0;
    bool stop = false;
    std::int64_t items = 0;
    const auto consumer = [&]() -> typename P::task {
        for (;; ++items) {
            auto item = co_await q.get();
            if (*item == last) break;
        }
    };
    const auto producer = [&](bool first) -> typename P::task {
        if (first) {
            for (auto _ : state) {
                const auto put = co_await q.put(1);
                benchmark::DoNotOptimize(put);
            }
            stop = true;
            state.SetItemsProcessed(items);
        }
        while (!stop) {
            const auto put = co_await q.put(1);
            benchmark::DoNotOptimize(put);
        }
        const auto put = co_await q.put(last);
        benchmark::DoNotOptimize(put);
    };
    std::vector<typename P::task> all;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        all.push_back(producer(i == 0));
        all.push_back(consumer());
    }
    P::run(std::move(all));
}

// There and back: two hand-overs.
template <class P> void ping_pong_coroutines(benchmark::State& state) {
    typename P::queue there(1);
    typename P::queue back(1);
    const auto answer = [&]() -> typename P::task {
        for (;;) {
            auto item = co_await there.get();
            if (*item == 0) break;
            const auto put = co_await back.put(1);
            benchmark::DoNotOptimize(put);
        }
    };
    const auto ask = [&]() -> typename P::task {
        for (auto _ : state) {
            const auto put = co_await there.put(1);
            auto item = co_await back.get();
            benchmark::DoNotOptimize(put);
            benchmark::DoNotOptimize(*item);
        }
        const auto put = co_await there.put(0);
        benchmark::DoNotOptimize(put);
    };
    std::vector<typename P::task> all;
    all.push_back(ask());
    all.push_back(answer());
    P::run(std::move(all));
}

#define HEDDLE_BENCH_COROUTINES(peer)                                                                   \
    BENCHMARK(coroutines_that_take_turns<peer>)->Arg(2)->Arg(100);                                      \
    BENCHMARK(coroutines_at_a_mutex<peer>)->Arg(2)->Arg(100);                                           \
    BENCHMARK(coroutines_at_a_queue<peer>)->Args({1, 1})->Args({1, 64})->Args({50, 1})->Args({50, 64}); \
    BENCHMARK(ping_pong_coroutines<peer>)
HEDDLE_BENCH_COROUTINES(peers::bare);
HEDDLE_BENCH_COROUTINES(peers::heddle);
#ifdef HEDDLE_BENCH_ASIO_COROUTINES
HEDDLE_BENCH_COROUTINES(peers::asio);
#endif

void async_lock_uncontended(benchmark::State& state) {
    heddle::mutex m;
    const auto main = [&]() -> heddle::task<> {
        for (auto _ : state) {
            co_await m.async_lock();
            m.unlock();
        }
    };
    heddle::run(main());
}
BENCHMARK(async_lock_uncontended);

}  // namespace
