// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <atomic>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/worker.hpp>
#include <thread>
#include <vector>
#include "waiting.hpp"

using namespace std::chrono_literals;
using heddle::rt::async_park;
using heddle::rt::cancellation;
using heddle::rt::clock;
using heddle::rt::deadline;
using heddle::rt::park;
using heddle::rt::parking_lot;
using heddle::rt::task_context;
using heddle::rt::task_scope;
using heddle::rt::wait_outcome;
using heddle::rt::worker;
using waiting::always;
using waiting::strand;

namespace {

// Bounds a stress test in time as well as in rounds: sanitizers are slow, and the point is the races.
class budget {
 public:
    bool left() const { return clock::now() < end_; }

 private:
    clock::time_point end_ = clock::now() + 2s;
};

}  // namespace

TEST(parking_stress, X6_every_wakeup_issued_by_an_unpark_is_consumed_by_a_wait) {
    constexpr int rounds = 100'000;
    int word = 0;
    std::atomic<bool> stop{false};
    std::atomic<long> consumed{0};
    std::atomic<long> timed_out{0};
    std::vector<std::thread> waiters;
    for (int t = 0; t < 2; ++t)
        waiters.emplace_back([&, t] {
            const budget time;
            for (int i = 0; i < rounds / 2 && time.left(); ++i) {
                // From long past to a few microseconds ahead, so that deadline and unpark meet.
                const auto until = deadline::after(std::chrono::nanoseconds((i * 7 + t) % 4000 - 500));
                const auto outcome = park(&word, always, until);
                (outcome == wait_outcome::granted ? consumed : timed_out).fetch_add(1);
            }
        });
    long issued = 0;
    std::thread waker([&] {
        while (!stop.load()) issued += parking_lot::unpark_one(&word).unparked ? 1 : 0;
    });
    for (auto& t : waiters) t.join();
    stop = true;
    waker.join();
    EXPECT_EQ(issued, consumed.load());
    EXPECT_EQ(parking_lot::count(&word), 0U);
}

TEST(parking_stress, X6_of_a_notify_and_a_timeout_of_coroutines_one_wins) {
    int word = 0;
    worker home;
    bool done = false;
    long consumed = 0;
    long ended = 0;
    std::atomic<long> issued{0};
    std::atomic<bool> stop{false};
    const budget time;
    const auto body = [&](int seed) -> strand {
        for (int i = 0; i < 10'000 && time.left(); ++i) {
            const auto until = deadline::after(std::chrono::nanoseconds((i * 13 + seed) % 8000));
            if (co_await async_park(&word, always, until) == wait_outcome::granted) ++consumed;
        }
        done = ++ended == 4;
    };
    std::thread waker([&] {
        while (!stop.load()) issued += static_cast<long>(parking_lot::unpark(&word, 2));
    });
    waiting::run_on(home, done, [&] {
        for (int i = 0; i < 4; ++i) body(i);
    });
    stop = true;
    waker.join();
    EXPECT_EQ(issued.load(), consumed);
}

TEST(parking_stress, of_a_grant_a_deadline_and_a_request_to_stop_one_wins) {
    int word = 0;
    std::atomic<bool> stop{false};
    std::atomic<long> issued{0};
    long granted = 0;
    long cancelled = 0;
    unsigned long requests = 0;
    std::thread waker([&] {
        while (!stop.load()) issued += parking_lot::unpark_one(&word).unparked ? 1 : 0;
    });
    task_context context;
    std::thread canceller([&] {
        while (!stop.load()) context.request_stop();
    });
    {
        task_scope scope(&context);
        const budget time;
        for (int i = 0; i < 50'000 && time.left(); ++i) {
            const auto until = deadline::after(std::chrono::nanoseconds(i % 5000));
            switch (park(&word, always, until, cancellation::observed)) {
                case wait_outcome::granted:
                    ++granted;
                    break;
                case wait_outcome::cancelled:
                    ++cancelled;
                    break;
                default:
                    break;
            }
        }
    }
    stop = true;
    waker.join();
    canceller.join();
    requests = context.stop_requests();
    EXPECT_EQ(issued.load(), granted);
    EXPECT_LE(static_cast<unsigned long>(cancelled), requests);
}

TEST(parking_stress, a_task_may_go_away_right_after_the_wait_that_a_request_ended) {
    // The canceller must not touch the waiter, nor the worker's books, after the wait has ended.
    const budget time;
    for (int i = 0; i < 10'000 && time.left(); ++i) {
        worker home;
        bool done = false;
        std::thread other;
        auto context = std::make_shared<task_context>();
        waiting::run_on(home, done, [&] {
            int word = 0;
            task_scope scope(context.get());
            [](const int& w, bool& d) -> strand {
                EXPECT_EQ(co_await async_park(&w, always), wait_outcome::cancelled);
                d = true;
            }(word, done);
            other = std::thread([context] { context->request_stop(); });
        });
        other.join();
    }
}

TEST(parking_stress, fibers_and_threads_hand_a_word_back_and_forth) {
    worker home;
    bool done = false;
    std::atomic<int> turn{0};  // even: the thread's, odd: the fiber's
    constexpr int rounds = 20'000;
    const budget time;
    std::atomic<bool> stop{false};
    heddle::rt::fiber_task::start(home, {}, [&] {
        while (!stop.load()) {
            park(&turn, [&] { return turn.load() % 2 == 0 && !stop.load(); });
            if (turn.load() % 2 == 0) continue;
            turn.fetch_add(1);
            parking_lot::unpark_all(&turn);
        }
        done = true;
    });
    std::thread other([&] {
        for (int i = 0; i < rounds && time.left(); ++i) {
            turn.fetch_add(1);
            parking_lot::unpark_all(&turn);
            while (turn.load() % 2 == 1) park(&turn, [&] { return turn.load() % 2 == 1; });
        }
        stop = true;
        parking_lot::unpark_all(&turn);
    });
    home.run(nullptr, [&] { return done; });
    other.join();
    EXPECT_EQ(turn.load() % 2, 0);
}

TEST(parking_stress, X5_a_storm_of_signals_does_not_shorten_a_wait) {
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = [](int) {};  // and no SA_RESTART: system calls end with EINTR
    ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
    std::atomic<bool> stop{false};
    const auto victim = ::pthread_self();
    std::thread storm([&] {
        while (!stop.load()) {
            ::pthread_kill(victim, SIGUSR1);
            std::this_thread::yield();
        }
    });
    int word = 0;
    for (int i = 0; i < 20; ++i) {
        const auto when = clock::now() + 5ms;
        EXPECT_EQ(park(&word, always, when), wait_outcome::timed_out);
        EXPECT_GE(clock::now(), when);
    }
    {
        const auto when = clock::now() + 20ms;
        heddle::rt::sleep_until(when);
        EXPECT_GE(clock::now(), when);
    }
    {
        worker w;
        bool done = false;
        const auto when = clock::now() + 20ms;
        waiting::run_on(w, done, [&] {
            [](int& at, clock::time_point until, bool& d) -> strand {
                d = co_await async_park(&at, always, until) == wait_outcome::timed_out;
            }(word, when, done);
        });
        EXPECT_GE(clock::now(), when);
    }
    stop = true;
    storm.join();
    ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(parking_stress, posts_from_many_threads_all_run) {
    constexpr int threads = 3;
    constexpr int each = 20'000;
    worker w;
    std::atomic<int> ran{0};
    std::vector<std::unique_ptr<waiting::step>> steps;
    for (int i = 0; i < threads * each; ++i)
        steps.push_back(
            std::make_unique<waiting::step>([&] { ran.fetch_add(1, std::memory_order_relaxed); }));
    std::vector<std::thread> group;
    for (int t = 0; t < threads; ++t)
        group.emplace_back([&, t] {
            for (int i = 0; i < each; ++i) w.post(*steps[static_cast<std::size_t>(t * each + i)]);
        });
    w.run(nullptr, [&] { return ran.load(std::memory_order_relaxed) == threads * each; });
    for (auto& t : group) t.join();
}
