// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <atomic>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/gather.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/thread_pool.hpp>
#include <thread>
#include <vector>
#include "sockets.hpp"

using namespace std::chrono_literals;
using heddle::event_loop;
using heddle::future;
using heddle::promise;
using heddle::task;
using heddle::thread_pool;
using heddle::rt::clock;
using heddle::rt::deadline;

namespace {

class budget {
 public:
    bool left() const { return clock::now() < end_; }

 private:
    clock::time_point end_ = clock::now() + 2s;
};

}  // namespace

TEST(loop_stress, a_loop_may_end_in_the_moment_in_which_a_pool_completes_its_future) {
    thread_pool pool(2);
    const budget time;
    const auto main = [&](int i) -> task<int> { co_return co_await pool.submit([i] { return i; }); };
    for (int i = 0; i < 10'000 && time.left(); ++i) ASSERT_EQ(heddle::run(main(i)), i);
}

TEST(loop_stress, a_loop_in_its_poller_may_end_in_that_moment_too) {
    thread_pool pool(2);
    const budget time;
    auto ends = sockets::pair();
    auto& a = ends.first;
    const auto main = [&](int i) -> task<int> {
        std::array<std::byte, 1> buffer{};
        try {
            co_await a.async_read_some(buffer, deadline::after(0s));  // so that the loop has a file to watch
        } catch (const heddle::timeout_error&) {
        }
        co_return co_await pool.submit([i] { return i; });
    };
    for (int i = 0; i < 10'000 && time.left(); ++i) ASSERT_EQ(heddle::run(main(i)), i);
}

TEST(loop_stress, a_request_to_stop_and_the_end_of_the_task_may_meet) {
    thread_pool pool(2);
    const budget time;
    for (int i = 0; i < 10'000 && time.left(); ++i) {
        promise<> p;
        event_loop loop;
        const auto child = [](future<> f) -> task<> { co_await f; };
        auto f = loop.spawn(child(p.get_future()));
        auto stopper = pool.submit([f] { f.request_stop(); });
        auto setter = pool.submit([&] { p.set_value(); });
        const auto main = [&]() -> task<> {
            try {
                co_await f;
            } catch (const heddle::cancelled&) {
            }
        };
        loop.run(main());
        stopper.get();
        setter.get();
    }
}

TEST(loop_stress, tasks_spawned_by_other_threads_all_run) {
    event_loop loop;
    std::atomic<int> ran{0};
    constexpr int each = 3000;
    const auto child = [&]() -> task<> {
        ran.fetch_add(1);
        co_return;
    };
    promise<> over;
    std::thread feeder([&] {
        std::vector<std::thread> group;
        for (int t = 0; t < 3; ++t)
            group.emplace_back([&] {
                std::vector<future<>> all;
                for (int i = 0; i < each; ++i) all.push_back(loop.spawn(child()));
                for (auto& f : all) f.get();
            });
        for (auto& t : group) t.join();
        over.set_value();
    });
    const auto main = [&]() -> task<> { co_await over.get_future(); };
    loop.run(main());
    feeder.join();
    EXPECT_EQ(ran, 3 * each);
}

TEST(loop_stress, many_coroutines_await_futures_that_a_pool_completes) {
    thread_pool pool(3);
    const auto child = [&](int rounds) -> task<int> {
        int sum = 0;
        for (int i = 0; i < rounds; ++i) sum += co_await pool.submit([] { return 1; });
        co_return sum;
    };
    const auto main = [&]() -> task<int> {
        std::vector<task<int>> all;
        for (int i = 0; i < 100; ++i) all.push_back(child(50));
        int sum = 0;
        for (const int n : co_await heddle::gather(std::move(all))) sum += n;
        co_return sum;
    };
    EXPECT_EQ(heddle::run(main()), 5000);
}

TEST(loop_stress, sleeps_that_are_stopped_from_another_thread_end_once) {
    const budget time;
    for (int i = 0; i < 3000 && time.left(); ++i) {
        event_loop loop;
        std::thread other;
        const auto child = [](int n) -> task<> {
            co_await heddle::sleep(std::chrono::microseconds(n % 100));
        };
        const auto main = [&]() -> task<> {
            auto f = heddle::spawn(child(i));
            other = std::thread([f] { f.request_stop(); });
            try {
                co_await f;
            } catch (const heddle::cancelled&) {
            }
        };
        loop.run(main());
        other.join();
    }
}

TEST(loop_stress, X5_a_storm_of_signals_disturbs_no_transfer) {
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = [](int) {};
    ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
    std::atomic<bool> stop{false};
    const auto victim = ::pthread_self();
    std::thread storm([&] {
        while (!stop.load()) {
            ::pthread_kill(victim, SIGUSR1);
            std::this_thread::yield();
        }
    });
    const auto main = []() -> task<std::size_t> {
        auto ends = sockets::tcp_pair();
        auto& a = ends.first;
        auto& b = ends.second;
        const auto send = [](heddle::tcp_stream& s) -> task<> {
            const std::vector<std::byte> all(std::size_t{4} << 20);
            co_await s.async_write_all(all);
            s.shutdown_write();
        };
        auto f = heddle::spawn(send(a));
        std::vector<std::byte> buffer((std::size_t{4} << 20) + 1);
        const auto n = co_await b.async_read_full(buffer);
        co_await f;
        co_return n;
    };
    EXPECT_EQ(heddle::run(main()), std::size_t{4} << 20);
    stop = true;
    storm.join();
    ::sigaction(SIGUSR1, &before, nullptr);
}
