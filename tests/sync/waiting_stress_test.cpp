// SPDX-License-Identifier: BSL-1.0
// Semaphores, events, latches and barriers by threads and coroutines at once, with deadlines and requests to
// stop.
#include <gtest/gtest.h>
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/monitor.hpp>
#include <heddle/sync/once.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/sync/timer.hpp>
#include "budget.hpp"
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::task;
using sync_tests::budget;
using sync_tests::deadline;
using sync_tests::rounds;

template <class S> struct semaphore_stress : ::testing::Test {};
using stressed_semaphores = ::testing::Types<heddle::semaphore, heddle::bounded_semaphore>;
TYPED_TEST_SUITE(semaphore_stress, stressed_semaphores);

TYPED_TEST(semaphore_stress, no_permit_is_lost_or_made_whatever_ends_a_wait) {
    TypeParam s(2);
    std::atomic<int> inside{0};
    const budget time;
    std::atomic<bool> stop{false};
    heddle::rt::task_context asked;
    std::thread canceller([&] {
        while (!stop.load()) {
            asked.request_stop();
            std::this_thread::yield();
        }
    });
    const auto visit = [&] {
        EXPECT_LE(inside.fetch_add(1) + 1, 2);
        inside.fetch_sub(1);
    };
    std::vector<std::thread> group;
    for (int t = 0; t < 2; ++t)
        group.emplace_back([&, t] {
            heddle::rt::task_scope scope(t == 0 ? &asked : nullptr);
            for (int i = 0; i < rounds && time.left(); ++i) {
                try {
                    if (i % 2 == 0) {
                        auto p = s.scoped_acquire();
                        visit();
                    } else if (auto p = s.scoped_acquire_for(std::chrono::nanoseconds(i % 5000 - 100))) {
                        visit();
                    }
                } catch (const heddle::cancelled&) {
                }
            }
        });
    const auto body = [&]() -> task<> {
        for (int i = 0; i < rounds / 4 && time.left(); ++i) {
            auto p = co_await s.async_scoped_acquire(deadline::after(std::chrono::nanoseconds(i % 9000)));
            if (!p) continue;
            visit();
            if (i % 16 == 0) co_await heddle::yield();
        }
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(body());
        auto b = heddle::spawn(body());
        auto c = heddle::spawn(body());
        co_await a;
        co_await b;
        co_await c;
    };
    heddle::run(main());
    for (auto& t : group) t.join();
    stop = true;
    canceller.join();
    EXPECT_EQ(s.available(), 2);
    EXPECT_EQ(heddle::rt::parking_lot::count(&s), 0U);
}

// Who has got the last permit destroys the semaphore, whatever its giver still does.
TEST(semaphore_end_stress, may_be_destroyed_by_who_has_got_the_last_permit) {
    const budget time;
    for (int i = 0; i < 2000 && time.left(); ++i) {
        auto s = std::make_unique<heddle::semaphore>(0);
        std::thread giver([raw = s.get()] { raw->release(); });
        if (!s->try_acquire_for(std::chrono::nanoseconds(i % 3000))) s->acquire();
        s = nullptr;
        giver.join();
    }
}

TEST(event_stress, every_signal_of_an_automatic_event_lets_exactly_one_through) {
    heddle::event e(heddle::event_reset::automatic);
    heddle::semaphore answered(0);
    const budget time;
    std::atomic<bool> stop{false};
    long let_through = 0;
    std::atomic<long> by_threads{0};
    std::thread taker([&] {
        while (!stop.load())
            if (e.wait_for(5us)) {
                by_threads.fetch_add(1);
                answered.release();
            }
    });
    const auto takes = [&]() -> task<> {
        while (!stop.load())
            if (co_await e.async_wait(deadline::after(7us))) {
                ++let_through;
                answered.release();
            }
    };
    long sent = 0;
    std::thread setter([&] {
        for (int i = 0; i < rounds && time.left(); ++i) {
            e.set();
            ++sent;
            answered.acquire();
        }
        stop = true;
    });
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(takes());
        auto b = heddle::spawn(takes());
        co_await a;
        co_await b;
    };
    heddle::run(main());
    taker.join();
    setter.join();
    EXPECT_EQ(let_through + by_threads.load(), sent);
    EXPECT_FALSE(e.is_set());
}

TEST(event_stress, EV01_set_and_clear_free_all_who_waited_again_and_again) {
    heddle::event e;
    constexpr std::size_t n = 3;
    const budget time;
    std::atomic<bool> stop{false};
    std::atomic<long> freed{0};
    std::vector<std::thread> group;
    for (std::size_t i = 0; i < n; ++i)
        group.emplace_back([&] {
            while (!stop.load()) {
                e.wait();
                freed.fetch_add(1);
            }
        });
    long expected = 0;
    for (int i = 0; i < rounds && time.left(); ++i) {
        sync_tests::until_parked(&e, n);
        e.set();
        e.clear();
        expected += n;
        sync_tests::until([&] { return freed.load() >= expected; });
    }
    stop = true;
    e.set();
    for (auto& t : group) t.join();
    EXPECT_GE(freed.load(), expected);
}

TEST(latch_stress, the_last_arrival_frees_all_and_the_first_to_pass_may_destroy_it) {
    const budget time;
    for (int i = 0; i < 2000 && time.left(); ++i) {
        auto l = std::make_unique<heddle::latch>(3);
        std::atomic<int> passed{0};
        const auto body = [&, raw = l.get()] {
            raw->count_down();
            passed.fetch_add(1);
        };
        std::thread a(body);
        std::thread b(body);
        l->count_down();
        l->wait();
        l.reset();
        a.join();
        b.join();
    }
}

TEST(barrier_stress, rounds_of_threads_and_coroutines_stay_in_step) {
    constexpr std::size_t parties = 4;
    constexpr int steps = 3000;
    int actions = 0;
    heddle::barrier b(parties, {.action = [&] { ++actions; }});
    const auto step = [&](int i) { EXPECT_EQ(actions, i + 1); };
    std::vector<std::thread> group;
    for (int t = 0; t < 2; ++t)
        group.emplace_back([&] {
            for (int i = 0; i < steps; ++i) {
                b.wait();
                step(2 * i);
                b.wait();
            }
        });
    const auto body = [&]() -> task<> {
        for (int i = 0; i < steps; ++i) {
            co_await b.async_wait();
            step(2 * i);
            co_await b.async_wait();
        }
    };
    const auto main = [&]() -> task<> {
        auto x = heddle::spawn(body());
        auto y = heddle::spawn(body());
        co_await x;
        co_await y;
    };
    heddle::run(main());
    for (auto& t : group) t.join();
    EXPECT_EQ(actions, 2 * steps);
}

TEST(barrier_stress, BA06_resets_and_deadlines_leave_nobody_behind) {
    heddle::barrier b(3);
    const budget time;
    std::atomic<int> left{3};
    std::vector<std::thread> group;
    for (int t = 0; t < 3; ++t)
        group.emplace_back([&, t] {
            for (int i = 0; i < rounds && time.left(); ++i) {
                try {
                    if ((i + t) % 7 == 0)
                        b.wait_for(std::chrono::microseconds(i % 30));
                    else
                        b.wait_for(10ms);
                } catch (const heddle::broken_barrier&) {
                }
            }
            left.fetch_sub(1);
        });
    while (left.load() > 0) {
        b.reset();
        std::this_thread::yield();
    }
    for (auto& t : group) t.join();
    b.reset();
    EXPECT_EQ(b.n_waiting(), 0U);
}

TEST(once_stress, is_run_once_by_all_who_need_it) {
    const budget time;
    for (int i = 0; i < 2000 && time.left(); ++i) {
        heddle::once o;
        int ran = 0;
        std::atomic<int> failures{i % 3};
        const auto body = [&] {
            for (;;) {
                try {
                    o.call([&] {
                        if (failures.fetch_sub(1) > 0) throw std::runtime_error("again");
                        ++ran;
                    });
                    break;
                } catch (const std::runtime_error&) {
                }
            }
            EXPECT_EQ(ran, 1);
        };
        std::thread a(body);
        std::thread c(body);
        body();
        a.join();
        c.join();
    }
}

TEST(timer_stress, of_cancel_and_the_time_exactly_one_wins) {
    const budget time;
    for (int i = 0; i < rounds && time.left(); ++i) {
        std::atomic<int> ran{0};
        heddle::timer t(std::chrono::nanoseconds(i * 37 % 60'000), [&] { ran.fetch_add(1); });
        for (int k = 0; k < i % 40; ++k) std::this_thread::yield();
        const bool withdrawn = t.cancel();
        t.join();
        EXPECT_EQ(ran.load(), withdrawn ? 0 : 1);
        EXPECT_EQ(t.fired(), !withdrawn);
    }
}

TEST(monitor_stress, every_item_that_is_put_in_is_taken_out_once) {
    struct box {
        int items = 0;
        long taken = 0;
        bool closed = false;
    };
    heddle::monitor<box> m;
    const budget time;
    const auto there = [](const box& b) { return b.items > 0 || b.closed; };
    std::vector<std::thread> group;
    std::atomic<long> put{0};
    for (int t = 0; t < 2; ++t)
        group.emplace_back([&] {
            for (;;) {
                bool closed = false;
                m.when(there).with_for(20us, [&](box& b) {
                    if (b.items > 0)
                        --b.items, ++b.taken;
                    else
                        closed = b.closed;
                });
                if (closed) return;
            }
        });
    std::thread producer([&] {
        for (int i = 0; i < rounds && time.left(); ++i) {
            m.with([](box& b) { ++b.items; });
            put.fetch_add(1);
        }
        m.with([](box& b) { b.closed = true; });
    });
    const auto takes = [&]() -> task<> {
        for (bool closed = false; !closed;)
            co_await m.when(there).async_with(deadline::after(30us), [&](box& b) {
                if (b.items > 0)
                    --b.items, ++b.taken;
                else
                    closed = b.closed;
            });
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(takes());
        auto b = heddle::spawn(takes());
        co_await a;
        co_await b;
    };
    heddle::run(main());
    producer.join();
    for (auto& t : group) t.join();
    EXPECT_EQ(m.copy().taken, put.load());
}
