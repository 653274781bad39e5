// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/task_group.hpp>

#include <gtest/gtest.h>
#include <atomic>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/worker.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/task/inline_executor.hpp>
#include <heddle/task/promise.hpp>
#include <stdexcept>
#include <vector>
#include "rt/waiting.hpp"

using heddle::promise;
using heddle::task;
using heddle::task_group;
using heddle::task_group_options;
using heddle::thread_pool;
using heddle::with_task_group;
using heddle::rt::deadline;

namespace {

void sleep_for_ever() {
    heddle::rt::sleep_until(deadline::never());
}

task<> wait_for_ever(std::atomic<int>& stopped) {
    const char here = 0;
    heddle::rt::async_park wait(&here, [] { return true; });
    if (co_await wait == heddle::rt::wait_outcome::cancelled) {
        stopped.fetch_add(1);
        throw heddle::cancelled();
    }
}

task<> fail() {
    throw std::domain_error("child");
    co_return;
}

// Runs a coroutine on a worker, in this thread, as a task of its own.
void run(task<> (*body)()) {
    heddle::rt::worker w;
    heddle::rt::task_context self;
    bool done = false;
    const auto drive = [](task<> t, bool& over) -> waiting::strand {
        co_await std::move(t);
        over = true;
    };
    waiting::run_on(w, done, [&] {
        heddle::rt::task_scope as(&self);
        drive(body(), done);
    });
}

}  // namespace

TEST(task_group, joins_all_its_children) {
    thread_pool pool(2);
    std::atomic<int> ran{0};
    task_group group(pool);
    for (int i = 0; i < 20; ++i) group.spawn([&] { ran.fetch_add(1); });
    auto value = group.spawn([](int x) { return x + 1; }, 41);
    group.join();
    EXPECT_EQ(ran, 20);
    EXPECT_EQ(group.alive(), 0U);
    EXPECT_EQ(value.get(), 42);
}

TEST(task_group, children_may_add_others_while_it_is_joined) {
    thread_pool pool(2);
    std::atomic<int> ran{0};
    task_group group(pool);
    struct tree {
        static void grow(task_group& g, std::atomic<int>& n, int depth) {
            n.fetch_add(1);
            if (depth == 0) return;
            g.spawn([&g, &n, depth] { grow(g, n, depth - 1); });
            g.spawn([&g, &n, depth] { grow(g, n, depth - 1); });
        }
    };
    group.spawn([&] { tree::grow(group, ran, 6); });
    group.join();
    EXPECT_EQ(ran, 127);
}

TEST(task_group, runs_callables_on_the_pool_of_the_task_that_spawns) {
    thread_pool pool(2);
    pool.submit([&] {
            task_group group;
            auto f = group.spawn([] { return thread_pool::current(); });
            group.join();
            EXPECT_EQ(f.get(), &pool);
        })
        .get();
    task_group nowhere;
    EXPECT_THROW(nowhere.spawn([] {}), heddle::invalid_state);
    EXPECT_EQ(nowhere.alive(), 0U);
}

TEST(task_group, runs_callables_in_place_on_an_inline_executor) {
    heddle::inline_executor here;
    task_group group(here);
    EXPECT_EQ(group.spawn([] { return 3; }).get(), 3);
    group.join();
}

TEST(task_group, AT01_the_first_failure_stops_the_siblings_and_is_thrown_by_the_join) {
    thread_pool pool(1);
    task_group group(pool);
    std::atomic<int> stopped{0};
    for (int i = 0; i < 3; ++i)
        group.spawn([&] {
            try {
                sleep_for_ever();
            } catch (const heddle::cancelled&) {
                stopped.fetch_add(1);
                throw;
            }
        });
    group.spawn([] { throw std::domain_error("child"); });
    EXPECT_THROW(group.join(), std::domain_error);
    EXPECT_EQ(stopped, 3);
    EXPECT_EQ(group.failures().size(), 1U);
}

TEST(task_group, AT03_a_failure_in_the_clean_up_of_a_child_is_thrown) {
    thread_pool pool(1);
    task_group group(pool);
    group.spawn([] {
        try {
            sleep_for_ever();
        } catch (const heddle::cancelled&) {
            throw std::logic_error("clean-up");
        }
    });
    group.request_stop();
    EXPECT_THROW(group.join(), std::logic_error);
}

TEST(task_group, lets_the_others_go_on_if_it_is_told_so) {
    thread_pool pool(1);
    std::vector<std::exception_ptr> told;
    const auto tell = [&](std::exception_ptr e) { told.push_back(std::move(e)); };
    task_group group(pool, task_group_options(false, tell));
    promise<> go;
    bool finished = false;
    group.spawn([] { throw std::domain_error("child"); });
    group.spawn([&] {
        go.get_future().get();
        finished = true;
    });
    waiting::until([&] { return group.alive() == 1; });
    EXPECT_EQ(told.size(), 1U);
    go.set_value();
    EXPECT_THROW(group.join(), std::domain_error);
    EXPECT_TRUE(finished);
}

TEST(task_group, AT05_refuses_children_after_the_join) {
    thread_pool pool(1);
    task_group group(pool);
    group.join();
    EXPECT_THROW(group.spawn([] {}), heddle::invalid_state);
    EXPECT_EQ(group.alive(), 0U);
}

TEST(task_group, a_join_with_a_limit_says_whether_all_have_ended) {
    thread_pool pool(1);
    promise<> go;
    task_group group(pool);
    group.spawn([&] { go.get_future().get(); });
    EXPECT_FALSE(group.try_join());
    EXPECT_FALSE(group.join_for(std::chrono::milliseconds(1)));
    EXPECT_FALSE(group.join_until(heddle::rt::deadline::after(std::chrono::seconds(-1))));
    go.set_value();
    EXPECT_TRUE(group.join_for(std::chrono::hours(1)));
    EXPECT_TRUE(group.try_join());
}

TEST(task_group, a_coroutine_joins_with_a_limit) {
    run([]() -> task<> {
        heddle::event go;
        task_group group;
        const auto child = [&]() -> task<> { co_await go.async_wait(); };
        group.spawn(child());
        group.spawn(child());
        EXPECT_FALSE(co_await group.async_join(deadline::after(std::chrono::hours(-1))));
        EXPECT_FALSE(co_await group.async_join(deadline::after(std::chrono::milliseconds(1))));
        EXPECT_EQ(group.alive(), 2U);
        go.set();
        EXPECT_TRUE(co_await group.async_join(deadline::after(std::chrono::hours(1))));
        EXPECT_TRUE(co_await group.async_join(deadline::after(std::chrono::hours(-1))));
        task_group nobody;
        EXPECT_TRUE(co_await nobody.async_join(deadline::after(std::chrono::hours(-1))));
    });
}

TEST(task_group, a_coroutine_that_joins_with_a_limit_gets_the_failure_when_all_have_ended) {
    run([]() -> task<> {
        heddle::event go;
        task_group group(task_group_options(false));
        const auto child = [&]() -> task<> { co_await go.async_wait(); };
        group.spawn(child());
        group.spawn(fail());
        EXPECT_FALSE(co_await group.async_join(deadline::after(std::chrono::milliseconds(1))));
        EXPECT_EQ(group.failures().size(), 1U);
        go.set();
        bool thrown = false;
        try {
            (void)co_await group.async_join(deadline::after(std::chrono::hours(1)));
        } catch (const std::domain_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
    });
}

TEST(task_group, AT02_a_request_to_a_coroutine_that_joins_with_a_limit_is_passed_on_and_comes_out) {
    run([]() -> task<> {
        auto& self = heddle::rt::current_task();
        std::atomic<int> stopped{0};
        heddle::event begun;
        const auto child = [&]() -> task<> {
            begun.set();
            co_await wait_for_ever(stopped);
        };
        task_group group;
        group.spawn(child());
        co_await begun.async_wait();
        self.request_stop();
        bool cancelled = false;
        try {
            (void)co_await group.async_join(deadline::after(std::chrono::hours(1)));
        } catch (const heddle::cancelled&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        EXPECT_EQ(stopped, 1);
        EXPECT_FALSE(self.stop_pending());
    });
}

TEST(task_group, AT02_a_request_that_was_passed_on_before_the_limit_is_thrown_by_the_next_join) {
    run([]() -> task<> {
        auto& self = heddle::rt::current_task();
        heddle::event never;
        heddle::event go;
        heddle::event begun;
        int asked = 0;
        // Cleans up for longer than the limit.
        const auto child = [&]() -> task<> {
            begun.set();
            try {
                co_await never.async_wait();
            } catch (const heddle::cancelled&) {
                ++asked;
            }
            co_await go.async_wait();
        };
        task_group group;
        group.spawn(child());
        co_await begun.async_wait();
        self.request_stop();
        EXPECT_FALSE(co_await group.async_join(deadline::after(std::chrono::milliseconds(1))));
        EXPECT_EQ(asked, 1);
        EXPECT_TRUE(self.stop_pending());
        go.set();
        bool cancelled = false;
        try {
            (void)co_await group.async_join(deadline::after(std::chrono::hours(1)));
        } catch (const heddle::cancelled&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        EXPECT_EQ(group.alive(), 0U);
    });
}

// Completing is as deep as it gets when the loop below begins, so that what comes of `last` is put off.
TEST(task_group, a_coroutine_that_joins_calls_back_first_what_was_put_off_on_its_stack) {
    static heddle::event go;
    promise<> last;
    std::vector<promise<>> chain(16);
    for (std::size_t i = 0; i + 1 < chain.size(); ++i)
        chain[i].get_future().on_done([&, i](const auto&) { chain[i + 1].set_value(); });
    last.get_future().on_done([](const auto&) { go.set(); });
    chain.back().get_future().on_done([&](const auto&) {
        last.set_value();
        EXPECT_FALSE(go.is_set());
        run([]() -> task<> {
            task_group group;
            const auto child = []() -> task<> { co_await go.async_wait(); };
            group.spawn(child());
            EXPECT_TRUE(co_await group.async_join(deadline::after(std::chrono::seconds(10))));
            go.set();
            co_await group.async_join();
        });
    });
    chain.front().set_value();
}

TEST(task_group, that_goes_away_stops_and_waits_for_its_children) {
    thread_pool pool(1);
    std::atomic<bool> stopped{false};
    promise<> begun;
    {
        task_group group(pool);
        group.spawn([&] {
            begun.set_value();
            try {
                sleep_for_ever();
            } catch (const heddle::cancelled&) {
                stopped = true;
            }
        });
        begun.get_future().get();
    }
    EXPECT_TRUE(stopped);
}

TEST(task_group, children_that_are_coroutines_run_on_the_worker_that_spawns) {
    run([]() -> task<> {
        task_group group;
        int ran = 0;
        const auto child = [](int& n) -> task<int> { co_return ++n; };
        auto f = group.spawn(child(ran));
        group.spawn(child(ran));
        EXPECT_EQ(ran, 0);
        co_await group.async_join();
        EXPECT_EQ(ran, 2);
        EXPECT_EQ(f.get(), 1);
    });
}

TEST(task_group, callables_and_coroutines_may_be_in_the_same_group) {
    run([]() -> task<> {
        std::atomic<int> stopped{0};
        heddle::event begun;  // what is asked to stop before it begins does not begin
        const auto waits = [&]() -> task<> {
            begun.set();
            co_await wait_for_ever(stopped);
        };
        thread_pool pool(1);
        task_group group(pool);
        group.spawn(waits());
        group.spawn([&] {
            begun.wait();
            throw std::domain_error("child");
        });
        bool thrown = false;
        try {
            co_await group.async_join();
        } catch (const std::domain_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(stopped, 1);
    });
}

TEST(with_task_group, AT01_a_failing_child_stops_siblings_and_body_and_the_request_is_taken_back) {
    run([]() -> task<> {
        std::atomic<int> stopped{0};
        bool thrown = false;
        try {
            co_await with_task_group([&](task_group& group) -> task<> {
                group.spawn(wait_for_ever(stopped));
                group.spawn(fail());
                co_await wait_for_ever(stopped);
            });
        } catch (const std::domain_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(stopped, 2);
        EXPECT_EQ(heddle::rt::current_task().stop_requests(), 0U);
        EXPECT_FALSE(heddle::rt::current_task().stop_pending());
    });
}

TEST(with_task_group, AT01_a_body_that_takes_the_request_back_itself_leaves_none) {
    run([]() -> task<> {
        bool thrown = false;
        try {
            co_await with_task_group([&](task_group& group) -> task<> {
                group.spawn(fail());
                std::atomic<int> stopped{0};
                try {
                    co_await wait_for_ever(stopped);
                } catch (const heddle::cancelled&) {
                    EXPECT_EQ(heddle::rt::current_task().uncancel(), 0U);
                }
            });
        } catch (const std::domain_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(heddle::rt::current_task().stop_requests(), 0U);
        EXPECT_FALSE(heddle::rt::current_task().stop_pending());
    });
}

TEST(with_task_group, a_body_that_throws_stops_the_children_first) {
    run([]() -> task<> {
        std::atomic<int> stopped{0};
        heddle::event begun;
        const auto child = [&]() -> task<> {
            begun.set();
            co_await wait_for_ever(stopped);
        };
        bool thrown = false;
        try {
            co_await with_task_group([&](task_group& group) -> task<> {
                group.spawn(child());
                co_await begun.async_wait();
                throw std::logic_error("body");
            });
        } catch (const std::logic_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(stopped, 1);
    });
}

TEST(with_task_group, takes_options_in_the_same_expression) {
    run([]() -> task<> {
        int told = 0;
        bool thrown = false;
        try {
            co_await with_task_group(
                [](task_group& group) -> task<> {
                    group.spawn(fail());
                    group.spawn(fail());
                    co_return;
                },
                task_group_options(false, [&](std::exception_ptr) { ++told; }, "a name"));
        } catch (const std::domain_error&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(told, 2);
    });
}

TEST(with_task_group, AT04_a_request_that_comes_with_the_failure_of_a_child_is_delivered_at_the_next_point) {
    run([]() -> task<> {
        auto& self = heddle::rt::current_task();
        std::atomic<int> stopped{0};
        const auto child = [&]() -> task<> {
            self.request_stop();
            throw std::domain_error("child");
            co_return;
        };
        bool handled = false;
        try {
            co_await with_task_group([&](task_group& group) -> task<> {
                group.spawn(child());
                co_await wait_for_ever(stopped);
            });
        } catch (const std::domain_error&) {
            handled = true;
        }
        EXPECT_TRUE(handled);
        EXPECT_EQ(stopped, 1);
        EXPECT_EQ(self.stop_requests(), 1U);
        EXPECT_TRUE(self.stop_pending());
        bool delivered = false;
        try {
            co_await wait_for_ever(stopped);
        } catch (const heddle::cancelled&) {
            delivered = true;
        }
        EXPECT_TRUE(delivered);
    });
}

TEST(with_task_group, AT02_a_request_from_outside_reaches_all_children_and_comes_out) {
    run([]() -> task<> {
        std::atomic<int> stopped{0};
        bool cancelled = false;
        heddle::rt::current_task().request_stop();
        try {
            co_await with_task_group([&](task_group& group) -> task<> {
                for (int i = 0; i < 5; ++i) group.spawn(wait_for_ever(stopped));
                co_return;
            });
        } catch (const heddle::cancelled&) {
            cancelled = true;
        }
        EXPECT_TRUE(cancelled);
        EXPECT_EQ(heddle::rt::current_task().stop_requests(), 1U);
    });
}
