// SPDX-License-Identifier: BSL-1.0
#include "calibrate.hpp"

#include "resources.hpp"

#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <functional>
#include <heddle/heddle.hpp>

namespace heddle::inline v0::cli {

namespace {

using namespace std::chrono_literals;

constexpr int repetitions = 7;

// Seconds for each of `n` steps that `f()` makes, over several repetitions after one to warm up.
template <class F> summary time_of(double n, F f) {
    std::vector<double> values;
    for (int i = 0; i <= repetitions; ++i) {
        const auto start = rt::clock::now();
        f();
        if (i > 0) values.push_back(std::chrono::duration<double>(rt::clock::now() - start).count() / n);
    }
    return summarise(std::move(values));
}

// Memory that `hold(f)` adds, where f() is called while it holds `n` of something.
template <class Hold> double memory_for_each(double n, Hold hold) {
    const double before = static_cast<double>(memory_of(::getpid()));
    double during = before;
    hold([&] { during = static_cast<double>(memory_of(::getpid())); });
    return std::max(0.0, during - before) / n;
}

// Two threads that wake each other in turn.
void play_ping_pong(int rounds) {
    std::atomic<int> turn{0};
    const auto play = [&](int me) {
        for (int i = 0; i < rounds; ++i) {
            while (turn.load(std::memory_order_acquire) != me)
                rt::park(&turn, [&] { return turn.load(std::memory_order_acquire) != me; });
            turn.store(1 - me, std::memory_order_release);
            rt::parking_lot::unpark_all(&turn);
        }
    };
    rt::os_thread other("ping-pong", [&] { play(1); });
    play(0);
}

strand_cost of_threads() {
    strand_cost c;
    c.name = "thread";
    constexpr int made = 100;
    c.create = time_of(made, [] {
        for (int i = 0; i < made; ++i) rt::os_thread("calibrate", [] {}).join();
    });
    constexpr int rounds = 1000;
    c.change = time_of(2 * rounds, [] { play_ping_pong(rounds); });
    constexpr int held = 64;
    c.memory = memory_for_each(held, [](auto look) {
        promise<void> end;
        const future<void> ended = end.get_future();
        std::atomic<int> waiting{0};
        std::vector<rt::os_thread> threads;
        for (int i = 0; i < held; ++i)
            threads.emplace_back("calibrate", [&, ended] {
                waiting.fetch_add(1);
                ended.wait();
            });
        while (waiting.load() < held) rt::sleep_for(100us);
        look();
        end.set_value();
    });
    return c;
}

int nothing(int x) {
    return x;
}

strand_cost of_processes() {
    strand_cost c;
    c.name = "process";
    {
        constexpr int made = 20;
        process_pool pool({.workers = 1, .name = "calibrate", .max_tasks_per_child = 1});
        c.create = time_of(made, [&] {
            for (int i = 0; i < made; ++i) pool.submit(nothing, i).get();
        });
    }
    process_pool pool({.workers = 1, .name = "calibrate"});
    constexpr int rounds = 200;
    c.change = time_of(2 * rounds, [&] {  // there and back, each through the pool's thread
        for (int i = 0; i < rounds; ++i) pool.submit(nothing, i).get();
    });
    for (const pid_t pid : pool.pids()) c.memory = static_cast<double>(memory_of(pid));
    return c;
}

strand_cost of_fibers() {
    strand_cost c;
    c.name = "fiber";
    constexpr int made = 1000;
    c.create = time_of(made, [] {
        for (int i = 0; i < made; ++i) {
            rt::fiber f(
                {}, [](void*) {}, nullptr);
            f.resume();
        }
    });
    constexpr int rounds = 20000;
    bool go_on = true;
    const auto suspend_again = [](void* wanted) {
        while (*static_cast<bool*>(wanted)) rt::fiber::suspend(nullptr, nullptr);
    };
    rt::fiber f({}, suspend_again, &go_on);
    c.change = time_of(2 * rounds, [&] {
        for (int i = 0; i < rounds; ++i) f.resume();
    });
    constexpr int held = 500;
    c.memory = memory_for_each(held, [&](auto look) {
        std::vector<std::unique_ptr<rt::fiber>> fibers;
        for (int i = 0; i < held; ++i) {
            fibers.push_back(std::make_unique<rt::fiber>(rt::fiber_options{}, suspend_again, &go_on));
            fibers.back()->resume();
        }
        look();
        go_on = false;
        for (auto& each : fibers) each->resume();
    });
    f.resume();
    return c;
}

task<int> leaf(int x) {
    co_return x;
}

task<void> await_leaves(int n) {
    for (int i = 0; i < n; ++i) co_await leaf(i);
}

task<void> give_way(int n) {
    for (int i = 0; i < n; ++i) co_await yield();
}

task<void> wait_for_end(const future<void>& end) {
    co_await end;
}

task<void> hold_many(int n, const std::function<void()>& look) {
    promise<void> end;
    const future<void> ended = end.get_future();
    std::vector<task<void>> waiting;
    for (int i = 0; i < n; ++i) waiting.push_back(wait_for_end(ended));
    auto all = spawn(gather(std::move(waiting)));
    for (int i = 0; i < 3; ++i) co_await yield();  // by then all of them wait
    look();
    end.set_value();
    co_await all;
}

strand_cost of_coroutines() {
    strand_cost c;
    c.name = "coroutine";
    event_loop loop;
    constexpr int made = 20000;
    c.create = time_of(made, [&] { loop.run(await_leaves(made)); });
    c.change = time_of(made, [&] { loop.run(give_way(made)); });
    constexpr int held = 10000;
    c.memory = memory_for_each(held, [&](auto look) { loop.run(hold_many(held, look)); });
    return c;
}

}  // namespace

calibration calibrate() {
    return {{of_threads(), of_processes(), of_fibers(), of_coroutines()}};
}

}  // namespace heddle::inline v0::cli
