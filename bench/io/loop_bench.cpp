// SPDX-License-Identifier: BSL-1.0
// What a coroutine's step, a task, a timer and a message cost on one event loop.
#include <benchmark/benchmark.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <cstddef>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/io/tcp.hpp>
#include <heddle/rt/timer.hpp>
#include <span>
#include <thread>
#include <utility>
#include <vector>

using heddle::task;

namespace {

task<> empty() {
    co_return;
}

void switch_between_ready_coroutines(benchmark::State& state) {
    bool stop = false;
    const auto other = [&]() -> task<> {
        while (!stop) co_await heddle::yield();
    };
    const auto main = [&]() -> task<> {
        auto f = heddle::spawn(other());
        while (state.KeepRunningBatch(2)) co_await heddle::yield();  // there and back
        stop = true;
        co_await f;
    };
    heddle::run(main());
}
BENCHMARK(switch_between_ready_coroutines);

void await_a_task_that_is_ready(benchmark::State& state) {
    const auto main = [&]() -> task<> {
        for (auto _ : state) co_await empty();
    };
    heddle::run(main());
}
BENCHMARK(await_a_task_that_is_ready);

void spawn_and_join(benchmark::State& state) {
    const auto main = [&]() -> task<> {
        for (auto _ : state) co_await heddle::spawn(empty());
    };
    heddle::run(main());
}
BENCHMARK(spawn_and_join);

void set_and_cancel_a_timer_among(benchmark::State& state) {
    struct nothing : heddle::rt::timer {
        nothing() : timer([](timer&) noexcept {}) {}
    };
    heddle::rt::timer_heap heap;
    std::vector<nothing> others(static_cast<std::size_t>(state.range(0)));
    const auto now = heddle::rt::clock::now();
    for (std::size_t i = 0; i < others.size(); ++i) heap.add(others[i], now + std::chrono::microseconds(i));
    nothing t;
    for (auto _ : state) {
        heap.add(t, now + std::chrono::seconds(30));  // a timeout, which hardly ever comes
        heap.remove(t);
    }
    for (auto& o : others) heap.remove(o);
}
BENCHMARK(set_and_cancel_a_timer_among)->Arg(0)->Arg(10'000);

constexpr std::size_t message = 64;

// The peer of both: a thread that sends back what it reads, with blocking calls.
std::thread echo_thread(heddle::tcp_listener& listener) {
    return std::thread([&listener] {
        auto s = listener.accept();
        std::array<std::byte, message> buffer{};
        while (s.read_full(buffer) == message) s.write_all(buffer);
    });
}

void tcp_round_trip(benchmark::State& state) {
    auto listener = heddle::tcp_listener::bind({"127.0.0.1", 0});
    auto peer = echo_thread(listener);
    const auto main = [&]() -> task<> {
        auto s = co_await heddle::tcp_stream::async_connect(listener.local());
        std::array<std::byte, message> buffer{};
        for (auto _ : state) {
            co_await s.async_write_all(buffer);
            co_await s.async_read_full(buffer);
        }
    };
    heddle::run(main());
    peer.join();
}
BENCHMARK(tcp_round_trip)->UseRealTime();

// The floor: the same system calls and nothing else.
void tcp_round_trip_bare_epoll(benchmark::State& state) {
    auto listener = heddle::tcp_listener::bind({"127.0.0.1", 0});
    auto peer = echo_thread(listener);
    {
        auto s = heddle::tcp_stream::connect(listener.local());
        const int poll = ::epoll_create1(EPOLL_CLOEXEC);
        epoll_event wanted{};
        wanted.events = EPOLLIN | EPOLLET;
        ::epoll_ctl(poll, EPOLL_CTL_ADD, s.fd(), &wanted);
        std::array<std::byte, message> buffer{};
        for (auto _ : state) {
            benchmark::DoNotOptimize(::send(s.fd(), buffer.data(), buffer.size(), MSG_NOSIGNAL));
            for (std::size_t got = 0; got < message;) {
                const auto n = ::recv(s.fd(), buffer.data() + got, buffer.size() - got, 0);
                if (n > 0) {
                    got += static_cast<std::size_t>(n);
                } else {
                    epoll_event e{};
                    ::epoll_wait(poll, &e, 1, -1);
                }
            }
        }
        ::close(poll);
    }
    peer.join();
}
BENCHMARK(tcp_round_trip_bare_epoll)->UseRealTime();

}  // namespace
