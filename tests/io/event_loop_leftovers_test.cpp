// SPDX-License-Identifier: BSL-1.0
// What main leaves alive when it ends.
#include <heddle/io/event_loop.hpp>

#include <gtest/gtest.h>
#include <atomic>
#include <heddle/io/gather.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/task/promise.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "small_tasks.hpp"

using namespace std::chrono_literals;
using heddle::event_loop;
using heddle::future;
using heddle::promise;
using heddle::task;
using heddle::rt::current_task;
using heddle::rt::deadline;
using io_tests::forever;
using io_tests::number;

TEST(event_loop, AR02_leftover_tasks_are_asked_to_stop_and_end_before_run_returns) {
    std::string trace;
    const auto child = [&](char name) -> task<> {
        try {
            co_await heddle::sleep_until(deadline::never());
        } catch (const heddle::cancelled&) {
            trace += name;
        }
        co_await heddle::yield();  // cleaning up may wait
        trace += static_cast<char>(name - 'a' + 'A');
    };
    const auto main = [&]() -> task<> {
        heddle::spawn(child('a'));
        heddle::spawn(child('b'));
        co_await heddle::yield();
        trace += '.';
    };
    heddle::run(main());
    EXPECT_EQ(trace.size(), 5U);
    for (const char c : {'a', 'b', 'A', 'B'}) EXPECT_NE(trace.find(c), std::string::npos) << trace;
    EXPECT_EQ(trace.front(), '.');
}

TEST(event_loop, AR02_what_a_leftover_starts_while_it_ends_is_asked_to_stop_too) {
    unsigned asked = 0;
    const auto grandchild = [&]() -> task<> {
        try {
            co_await heddle::sleep_until(deadline::never());
        } catch (const heddle::cancelled&) {
            asked = current_task().stop_requests();
        }
    };
    const auto child = [&]() -> task<> {
        try {
            co_await heddle::sleep_until(deadline::never());
        } catch (const heddle::cancelled&) {
            heddle::spawn(grandchild());
        }
        for (int i = 0; i < 3; ++i) co_await heddle::yield();  // it gets to its sleep
    };
    const auto main = [&]() -> task<> {
        heddle::spawn(child());
        co_await heddle::yield();
    };
    heddle::run(main());
    EXPECT_EQ(asked, 1U);  // once: a second request would disturb its clean-up
}

TEST(event_loop, AR02_a_leftover_that_has_yet_to_see_the_request_passes_it_on_to_what_it_starts) {
    promise<> go;
    bool ended = false;
    // Like a server that accepts one more connection before it learns that it is to stop, and then waits for
    // it.
    const auto child = [&]() -> task<> {
        co_await go.get_future();
        const auto f = heddle::spawn(forever());
        while (!f.done()) {
            try {
                co_await f;
            } catch (const heddle::cancelled&) {
            }
        }
        ended = true;
    };
    const auto main = [&]() -> task<> {
        heddle::spawn(child());
        co_await heddle::yield();
        go.set_value();  // the wait is granted, and so not ended by the request that follows
    };
    heddle::run(main());
    EXPECT_TRUE(ended);
}

TEST(event_loop, AR02_the_clean_up_of_a_leftover_may_use_tasks) {
    int cleaned = 0;
    const auto part = [&]() -> task<> {
        co_await heddle::sleep(5ms);
        ++cleaned;
    };
    const auto child = [&]() -> task<> {
        try {
            co_await heddle::sleep_until(deadline::never());
        } catch (const heddle::cancelled&) {
        }
        co_await heddle::gather(part(), part());
    };
    const auto main = [&]() -> task<> {
        heddle::spawn(child());
        heddle::spawn(child());
        co_await heddle::yield();
    };
    heddle::run(main());
    EXPECT_EQ(cleaned, 4);
}

TEST(event_loop, a_loop_that_ended_leftovers_runs_the_next_main_undisturbed) {
    event_loop loop;
    const auto first = [&]() -> task<> {
        heddle::spawn(forever());
        co_await heddle::yield();
    };
    loop.run(first());
    const auto second = [&]() -> task<int> { co_return co_await heddle::spawn(number(6)); };
    EXPECT_EQ(loop.run(second()), 6);
}
