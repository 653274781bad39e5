// SPDX-License-Identifier: BSL-1.0
#include <heddle/io/event_loop.hpp>

#include <gtest/gtest.h>
#include <atomic>
#include <heddle/io/gather.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/task/promise.hpp>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "small_tasks.hpp"
#include "task/unseen.hpp"

using namespace std::chrono_literals;
using heddle::event_loop;
using heddle::future;
using heddle::future_status;
using heddle::promise;
using heddle::task;
using heddle::rt::current_task;
using heddle::rt::deadline;
using io_tests::forever;
using io_tests::number;

static_assert(heddle::executor<event_loop>);

TEST(event_loop, runs_main_and_gives_its_result) {
    EXPECT_EQ(heddle::run(number(42)), 42);
    event_loop loop;
    EXPECT_EQ(loop.run(number(1)), 1);
    EXPECT_EQ(loop.run(number(2)), 2);
}

TEST(event_loop, throws_what_main_throws) {
    const auto main = []() -> task<> {
        throw std::runtime_error("main");
        co_return;
    };
    EXPECT_THROW(heddle::run(main()), std::runtime_error);
}

TEST(event_loop, gives_a_result_that_can_only_be_moved) {
    const auto main = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
    EXPECT_EQ(*heddle::run(main()), 3);
}

TEST(event_loop, is_current_while_it_runs) {
    EXPECT_EQ(event_loop::current(), nullptr);
    event_loop loop;
    const auto main = [&]() -> task<bool> { co_return event_loop::current() == &loop; };
    EXPECT_TRUE(loop.run(main()));
    EXPECT_EQ(event_loop::current(), nullptr);
}

TEST(event_loop, spawned_tasks_run_beside_main) {
    std::string trace;
    const auto child = [&]() -> task<int> {
        trace += 'b';
        co_await heddle::yield();
        trace += 'd';
        co_return 5;
    };
    const auto main = [&]() -> task<int> {
        trace += 'a';
        const auto f = heddle::spawn(child());
        EXPECT_EQ(trace, "a");  // it has only been made ready
        co_await heddle::yield();
        trace += 'c';
        co_return co_await f;
    };
    EXPECT_EQ(heddle::run(main()), 5);
    EXPECT_EQ(trace, "abcd");
}

TEST(event_loop, each_spawned_task_has_an_identity_of_its_own) {
    const auto who = []() -> task<std::uint64_t> { co_return current_task().id(); };
    const auto main = [&]() -> task<> {
        const auto own = current_task().id();
        const auto a = co_await heddle::spawn(who());
        const auto b = co_await heddle::spawn(who());
        const auto called = co_await who();
        EXPECT_NE(a, own);
        EXPECT_NE(a, b);
        EXPECT_EQ(called, own);  // what is awaited is part of the task
        EXPECT_EQ(current_task().id(), own);
    };
    heddle::run(main());
}

TEST(event_loop, dropping_the_future_does_not_stop_the_task) {
    bool ran = false;
    const auto child = [&]() -> task<> {
        co_await heddle::yield();
        ran = true;
    };
    const auto main = [&]() -> task<> {
        heddle::spawn(child());
        for (int i = 0; i < 5; ++i) co_await heddle::yield();
    };
    heddle::run(main());
    EXPECT_TRUE(ran);
}

TEST(event_loop, spawn_outside_a_loop_is_an_error) {
    EXPECT_THROW(heddle::spawn(number(1)), heddle::invalid_state);
}

TEST(event_loop, a_task_that_holds_nothing_is_refused) {
    event_loop loop;
    EXPECT_THROW(loop.spawn(task<int>()), heddle::invalid_state);
    EXPECT_THROW(loop.run(task<>()), heddle::invalid_state);
    EXPECT_THROW(heddle::run(task<>()), heddle::invalid_state);
    const auto main = []() -> task<int> {
        task<int> once = number(1);
        int got = co_await std::move(once);
        try {
            got += co_await std::move(once);  // NOLINT(bugprone-use-after-move)
        } catch (const heddle::invalid_state& e) {
            EXPECT_STREQ(
                e.what(),
                "this task holds nothing: it was made empty, or moved from, or its content was taken");
        }
        EXPECT_THROW(heddle::spawn(std::move(once)),
                     heddle::invalid_state);  // NOLINT(bugprone-use-after-move)
        co_return got;
    };
    EXPECT_EQ(loop.run(main()), 1);
}

TEST(event_loop, AR01_a_task_from_another_thread_runs_on_the_loops_thread) {
    event_loop loop;
    std::atomic<bool> stop{false};
    std::thread::id ran_on;
    std::thread other([&] {
        const auto body = [](std::thread::id& id) -> task<int> {
            id = std::this_thread::get_id();
            co_return 7;
        };
        EXPECT_EQ(loop.spawn(body(ran_on)).get(), 7);
        stop = true;
    });
    const auto main = [&]() -> task<> {
        while (!stop.load()) co_await heddle::sleep(1ms);
    };
    loop.run(main());
    other.join();
    EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(event_loop, AR01_asking_the_future_of_another_thread_to_stop_stops_the_task) {
    event_loop loop;
    promise<> over;
    std::thread other([&] {
        auto f = loop.spawn(forever());
        f.request_stop();
        EXPECT_THROW(f.get(), heddle::cancelled);
        over.set_value();
    });
    const auto main = [&]() -> task<> { co_await over.get_future(); };
    loop.run(main());
    other.join();
}

TEST(event_loop, AR02_a_nested_run_is_refused_and_harms_nothing) {
    event_loop other;
    bool refused = false;
    const auto main = [&]() -> task<int> {
        try {
            other.run(number(1));
        } catch (const heddle::invalid_state&) {
            refused = true;
        }
        EXPECT_THROW(heddle::run(number(2)), heddle::invalid_state);
        EXPECT_THROW(event_loop::current()->run(number(3)), heddle::invalid_state);
        co_await heddle::yield();
        co_return 4;
    };
    EXPECT_EQ(heddle::run(main()), 4);
    EXPECT_TRUE(refused);
    EXPECT_EQ(other.run(number(5)), 5);
}

TEST(event_loop, is_not_run_by_two_threads_at_once) {
    event_loop loop;
    promise<> tried;
    std::thread other;
    const auto main = [&]() -> task<> {
        other = std::thread([&] {
            EXPECT_THROW(loop.run(number(1)), heddle::invalid_state);
            tried.set_value();
        });
        co_await tried.get_future();
    };
    loop.run(main());
    other.join();
}

TEST(event_loop, AK01_asked_to_stop_before_the_first_step_the_body_never_runs) {
    bool ran = false;
    const auto body = [&]() -> task<> {
        ran = true;
        co_return;
    };
    const auto main = [&]() -> task<> {
        auto f = heddle::spawn(body());
        f.request_stop();
        bool thrown = false;
        try {
            co_await f;
        } catch (const heddle::cancelled&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_FALSE(f.cancel());  // finished: there is nothing to withdraw
    };
    heddle::run(main());
    EXPECT_FALSE(ran);
}

TEST(event_loop, AK01_cancelled_before_the_first_step_the_body_never_runs) {
    bool ran = false;
    const auto body = [&]() -> task<> {
        ran = true;
        co_return;
    };
    const auto main = [&]() -> task<> {
        auto f = heddle::spawn(body());
        EXPECT_TRUE(f.cancel());
        co_await heddle::yield();
        EXPECT_EQ(f.status(), future_status::cancelled);
    };
    heddle::run(main());
    EXPECT_FALSE(ran);
}

TEST(event_loop, AK02_a_task_may_swallow_two_requests_and_return) {
    const auto body = []() -> task<int> {
        for (int caught = 0; caught < 2;) {
            try {
                co_await heddle::sleep_until(deadline::never());
            } catch (const heddle::cancelled&) {
                ++caught;
                EXPECT_EQ(current_task().stop_requests(), static_cast<unsigned>(caught));
            }
        }
        EXPECT_EQ(current_task().uncancel(), 1U);
        EXPECT_EQ(current_task().uncancel(), 0U);
        co_return 9;
    };
    const auto main = [&]() -> task<int> {
        auto f = heddle::spawn(body());
        for (int i = 0; i < 2; ++i) {
            co_await heddle::sleep(0s);
            f.request_stop();
            co_await heddle::sleep(0s);
        }
        EXPECT_EQ(
            f.status(), co_await [](future<int> g) -> task<future_status> {
                co_await g;
                co_return g.status();
            }(f));
        EXPECT_EQ(f.status(), future_status::finished);
        co_return f.get();
    };
    EXPECT_EQ(heddle::run(main()), 9);
}

TEST(event_loop, request_stop_reaches_main_and_everything_else) {
    event_loop loop;
    int stopped = 0;
    const auto child = [&]() -> task<> {
        try {
            co_await heddle::sleep_until(deadline::never());
        } catch (const heddle::cancelled&) {
            ++stopped;
            throw;
        }
    };
    const auto main = [&]() -> task<> {
        heddle::spawn(child());
        heddle::spawn(child());
        co_await heddle::yield();
        loop.request_stop();
        co_await heddle::sleep_until(deadline::never());
    };
    EXPECT_THROW(loop.run(main()), heddle::cancelled);
    EXPECT_EQ(stopped, 2);
}

TEST(event_loop, request_stop_may_come_from_another_thread) {
    event_loop loop;
    std::thread other;
    const auto main = [&]() -> task<> {
        other = std::thread([&] { loop.request_stop(); });
        co_await heddle::sleep_until(deadline::never());
    };
    EXPECT_THROW(loop.run(main()), heddle::cancelled);
    other.join();
}

TEST(event_loop, what_was_spawned_before_it_runs_runs_with_it) {
    event_loop loop;
    auto f = loop.spawn(number(3));
    EXPECT_EQ(f.status(), future_status::pending);
    loop.run(number(0));
    EXPECT_EQ(f.get(), 3);
}

TEST(event_loop, that_never_runs_withdraws_its_tasks_when_it_goes_away) {
    auto held = std::make_shared<int>(1);
    future<> f;
    bool ran = false;
    {
        event_loop loop;
        const auto body = [&ran](std::shared_ptr<int>) -> task<> {
            ran = true;
            co_return;
        };
        f = loop.spawn(body(held));
    }
    EXPECT_THROW(f.get(), heddle::cancelled);
    EXPECT_FALSE(ran);
    EXPECT_EQ(held.use_count(), 1);
}

TEST(event_loop, may_go_away_with_tasks_on_a_thread_that_runs_another) {
    future<int> f;
    const auto main = [&]() -> task<> {
        event_loop other;
        f = other.spawn(number(1));
        co_return;
    };
    heddle::run(main());
    EXPECT_THROW(f.get(), heddle::cancelled);
}

TEST(event_loop, submits_calls_and_coroutines_as_any_executor) {
    event_loop loop;
    auto a = loop.submit([](int x) { return x + 1; }, 1);
    auto b = loop.submit(
        [](std::string s) -> task<std::string> {
            co_await heddle::yield();
            co_return s + "!";
        },
        "done");
    auto c = loop.submit([own = std::make_unique<int>(4)]() -> task<int> {
        co_await heddle::yield();
        co_return *own;  // the capture lives as long as the coroutine
    });
    loop.shutdown();
    EXPECT_EQ(a.get(), 2);
    EXPECT_EQ(b.get(), "done!");
    EXPECT_EQ(c.get(), 4);
}

TEST(event_loop, posts_calls_and_coroutines_whose_failures_go_to_the_hook) {
    const task_tests::unseen reports;
    event_loop loop;
    int ran = 0;
    loop.post([&](int by) { ran += by; }, 2);
    loop.post([&]() -> task<> {
        co_await heddle::yield();
        throw std::runtime_error("posted");
    });
    EXPECT_EQ(ran, 0);  // it runs when the loop does
    loop.shutdown();
    EXPECT_EQ(ran, 2);
    EXPECT_EQ(reports.list(),
              (std::vector<std::string>{"a task failed and nobody looked at its future: posted"}));
    EXPECT_THROW(loop.post([] {}), heddle::shutdown_error);
}

TEST(event_loop, maps_in_order) {
    event_loop loop;
    auto results = loop.map(
        [](int x) -> task<int> {
            for (int i = x; i < 3; ++i) co_await heddle::yield();
            co_return x* x;
        },
        std::vector<int>{0, 1, 2});
    loop.shutdown();
    EXPECT_EQ(std::move(results).get(), (std::vector<int>{0, 1, 4}));
}

TEST(event_loop, EX01_maps_several_ranges_side_by_side) {
    for (const heddle::map_options& how : {heddle::map_options{}, heddle::map_options{.chunk = 2}}) {
        event_loop loop;
        // What a parameter refers to is there as long as the coroutine.
        auto results = loop.map(
            [](const std::string& a, int b) -> task<std::string> {
                co_await heddle::yield();
                co_return a + std::to_string(b);
            },
            std::vector<std::string>{"a", "b", "c"}, std::views::iota(1), how);
        loop.shutdown();
        EXPECT_EQ(std::move(results).get(), (std::vector<std::string>{"a1", "b2", "c3"}));
    }
}

TEST(event_loop, maps_several_items_by_one_coroutine) {
    event_loop loop;
    auto results = loop.map(
        [](int x) -> task<int> {
            co_await heddle::yield();
            if (x == 3) throw std::runtime_error("three");
            co_return x* x;
        },
        std::vector<int>{1, 2, 3, 4, 5}, {.chunk = 2});
    loop.shutdown();
    std::string seen;
    for (auto i = results.begin(); i != results.end(); ++i) {
        try {
            seen += std::to_string(*i) + " ";
        } catch (const std::runtime_error& e) {
            seen += std::string(e.what()) + " ";
        }
    }
    EXPECT_EQ(seen, "1 4 three 16 25 ");
}

TEST(event_loop, goes_on_with_a_result_by_a_coroutine) {
    event_loop loop;
    promise<int> p;
    auto sum = p.get_future().then(loop, [](heddle::future<int> f) -> task<int> {
        co_await heddle::yield();
        co_return co_await f + 1;
    });
    auto withdrawn = p.get_future().then(loop, [](heddle::future<int>) {});
    EXPECT_TRUE(withdrawn.cancel());
    p.set_value(41);
    loop.shutdown();
    EXPECT_EQ(sum.get(), 42);
    EXPECT_EQ(withdrawn.status(), heddle::future_status::cancelled);
    promise<> late;
    auto refused = late.get_future().then(loop, [](heddle::future<>) {});
    late.set_value();
    EXPECT_EQ(refused.status(), heddle::future_status::cancelled);
}

TEST(event_loop, EX03_refuses_work_after_shutdown_which_may_be_repeated) {
    event_loop loop;
    loop.shutdown();
    loop.shutdown();
    EXPECT_THROW(loop.spawn(number(1)), heddle::shutdown_error);
    EXPECT_THROW(loop.run(number(1)), heddle::shutdown_error);
    EXPECT_THROW(loop.submit([] {}), heddle::shutdown_error);
}

TEST(event_loop, EX04_a_shutdown_that_cancels_asks_what_is_alive_to_stop) {
    event_loop loop;
    auto f = loop.spawn(forever());
    loop.shutdown({.wait = true, .cancel_pending = true});
    EXPECT_THROW(f.get(), heddle::cancelled);
}

TEST(event_loop, may_be_shut_down_by_another_thread_while_it_runs) {
    event_loop loop;
    promise<> shut;
    std::thread other;
    const auto main = [&]() -> task<int> {
        other = std::thread([&] {
            loop.shutdown();
            shut.set_value();
        });
        co_await shut.get_future();
        EXPECT_THROW(heddle::spawn(number(1)), heddle::shutdown_error);
        co_return 1;
    };
    EXPECT_EQ(loop.run(main()), 1);
    other.join();
}

TEST(event_loop, announces_a_result_after_the_coroutine_is_gone) {
    event_loop loop;
    auto held = std::make_shared<int>(5);
    long owners = 0;
    auto f = loop.submit([](std::shared_ptr<int> p) -> task<int> { co_return *p; }, held);
    f.on_done([&](const future<int>&) { owners = held.use_count(); });
    loop.shutdown();
    EXPECT_EQ(owners, 1);
}

TEST(event_loop, a_chain_of_a_million_awaits_does_not_grow_the_stack) {
    struct recursive {
        static task<int> chain(int depth) {
            if (depth == 0) {
                co_await heddle::yield();
                co_return 0;
            }
            co_return 1 + co_await chain(depth - 1);
        }
    };
    EXPECT_EQ(heddle::run(recursive::chain(1'000'000)), 1'000'000);
}
