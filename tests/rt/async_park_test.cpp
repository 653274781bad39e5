// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/async_park.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/error.hpp>
#include <heddle/rt/task_context.hpp>
#include <optional>
#include <thread>
#include <vector>
#include "waiting.hpp"

using namespace std::chrono_literals;
using heddle::rt::async_park;
using heddle::rt::cancellation;
using heddle::rt::clock;
using heddle::rt::current_task;
using heddle::rt::deadline;
using heddle::rt::parking_lot;
using heddle::rt::task_context;
using heddle::rt::task_scope;
using heddle::rt::wait_outcome;
using heddle::rt::worker;
using waiting::always;
using waiting::strand;

namespace {

struct async_park_test : ::testing::Test {
    worker home;
    int word = 0;
    bool done = false;
    wait_outcome outcome = wait_outcome::waiting;
    std::uintptr_t token = 0;
    task_context task;

    strand wait_once(deadline until = deadline::never(), cancellation mode = cancellation::observed) {
        async_park park(&word, always, until, mode);
        outcome = co_await park;
        token = park.token();
        done = true;
    }
};

}  // namespace

TEST_F(async_park_test, resumes_on_its_worker_when_another_thread_unparks_it) {
    std::thread other;
    std::thread::id resumed_on;
    const auto body = [&]() -> strand {
        async_park park(&word, always);
        outcome = co_await park;
        token = park.token();
        resumed_on = std::this_thread::get_id();
        done = true;
    };
    waiting::run_on(home, done, [&] {
        body();
        other = std::thread([&] { parking_lot::unpark_all(&word, 3); });
    });
    other.join();
    EXPECT_EQ(outcome, wait_outcome::granted);
    EXPECT_EQ(token, 3U);
    EXPECT_EQ(resumed_on, std::this_thread::get_id());
}

TEST_F(async_park_test, is_not_resumed_inside_the_unpark) {
    waiting::run_on(home, done, [&] {
        wait_once();
        EXPECT_EQ(parking_lot::count(&word), 1U);
        parking_lot::unpark_one(&word);
        EXPECT_EQ(outcome, wait_outcome::waiting);
    });
    EXPECT_EQ(outcome, wait_outcome::granted);
}

TEST_F(async_park_test, does_not_suspend_when_validation_says_no) {
    waiting::run_on(home, done, [&] {
        [](async_park_test& t) -> strand {
            t.outcome = co_await async_park(&t.word, [] { return false; });
            t.done = true;
        }(*this);
        EXPECT_TRUE(done);
    });
    EXPECT_EQ(outcome, wait_outcome::invalid);
}

TEST_F(async_park_test, times_out_at_its_deadline_and_not_before) {
    const auto when = clock::now() + 2ms;
    waiting::run_on(home, done, [&] { wait_once(when); });
    EXPECT_GE(clock::now(), when);
    EXPECT_EQ(outcome, wait_outcome::timed_out);
    EXPECT_EQ(parking_lot::count(&word), 0U);
}

TEST_F(async_park_test, with_a_deadline_in_the_past_times_out_at_once) {
    waiting::run_on(home, done, [&] { wait_once(deadline(clock::time_point::min())); });
    EXPECT_EQ(outcome, wait_outcome::timed_out);
}

TEST_F(async_park_test, granted_before_its_deadline_leaves_no_timer_behind) {
    waiting::run_on(home, done, [&] {
        wait_once(deadline::after(1h));
        parking_lot::unpark_one(&word);
    });
    EXPECT_EQ(outcome, wait_outcome::granted);
    bool again = false;
    waiting::run_on(home, again, [&] { again = true; });  // a dangling timer would be seen here
}

TEST_F(async_park_test, ends_when_its_task_is_asked_to_stop) {
    std::thread other;
    waiting::run_on(home, done, [&] {
        task_scope scope(&task);
        wait_once();
        other = std::thread([&] { task.request_stop(); });
    });
    other.join();
    EXPECT_EQ(outcome, wait_outcome::cancelled);
    EXPECT_FALSE(task.stop_pending());
}

TEST_F(async_park_test, does_not_suspend_when_a_stop_is_pending) {
    waiting::run_on(home, done, [&] {
        task_scope scope(&task);
        task.request_stop();
        wait_once();
        EXPECT_TRUE(done);
    });
    EXPECT_EQ(outcome, wait_outcome::cancelled);
    EXPECT_FALSE(task.stop_pending());
}

TEST_F(async_park_test, that_ignores_it_is_not_disturbed_by_a_stop) {
    waiting::run_on(home, done, [&] {
        task_scope scope(&task);
        wait_once(deadline::never(), cancellation::ignored);
        task.request_stop();
        EXPECT_EQ(parking_lot::count(&word), 1U);
        parking_lot::unpark_one(&word);
    });
    EXPECT_EQ(outcome, wait_outcome::granted);
    EXPECT_TRUE(task.stop_pending());
}

TEST_F(async_park_test, granted_and_then_asked_to_stop_is_granted_and_the_request_stays) {
    waiting::run_on(home, done, [&] {
        task_scope scope(&task);
        wait_once();
        parking_lot::unpark_one(&word);
        task.request_stop();  // it has not been resumed yet
    });
    EXPECT_EQ(outcome, wait_outcome::granted);
    EXPECT_TRUE(task.stop_pending());
}

TEST_F(async_park_test, asked_to_stop_and_then_unparked_lets_the_unpark_go_to_the_next) {
    bool second = false;
    const auto next = [&]() -> strand {
        second = co_await async_park(&word, always) == wait_outcome::granted;
    };
    waiting::step first([&] {
        {
            task_scope scope(&task);
            wait_once();
        }
        next();
        task.request_stop();
        EXPECT_TRUE(parking_lot::unpark_one(&word).unparked);
    });
    home.post(first);
    home.run(nullptr, [&] { return done && second; });
    EXPECT_EQ(outcome, wait_outcome::cancelled);
}

TEST_F(async_park_test, runs_on_under_the_task_on_which_it_suspended) {
    task_context* seen = nullptr;
    const auto body = [&]() -> strand {
        co_await async_park(&word, always);
        seen = &current_task();
        done = true;
    };
    waiting::run_on(home, done, [&] {
        {
            task_scope scope(&task);
            body();
        }
        EXPECT_NE(&current_task(), &task);
        parking_lot::unpark_one(&word);
    });
    EXPECT_EQ(seen, &task);
}

TEST_F(async_park_test, outside_a_worker_is_an_error_and_not_a_wait) {
    bool thrown = false;
    [](async_park_test& t, bool& seen) -> strand {
        try {
            co_await async_park(&t.word, always);
        } catch (const heddle::invalid_state&) {
            seen = true;
        }
    }(*this, thrown);
    EXPECT_TRUE(thrown);
    EXPECT_EQ(parking_lot::count(&word), 0U);
}

TEST_F(async_park_test, coroutines_are_resumed_in_the_order_in_which_they_came) {
    std::vector<int> order;
    const auto body = [&](int i) -> strand {
        co_await async_park(&word, always);
        order.push_back(i);
        done = order.size() == 3;
    };
    waiting::run_on(home, done, [&] {
        for (int i = 0; i < 3; ++i) body(i);
        EXPECT_EQ(parking_lot::unpark_all(&word), 3U);
    });
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

namespace {

/// A coroutine that runs where it is called, and can be destroyed while it waits.
struct owned {
    struct promise_type {
        owned get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_always final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
};

owned waits_at(const int& word, bool& done, deadline until = deadline::never()) {
    async_park park(&word, always, until);
    co_await park;
    done = true;
}

}  // namespace

TEST_F(async_park_test, of_a_coroutine_that_is_destroyed_is_given_up) {
    bool reached = false;
    waiting::run_on(home, done, [&] {
        const task_scope as(&task);
        waits_at(word, reached).handle.destroy();
        waits_at(word, reached, deadline::after(1h)).handle.destroy();
        EXPECT_EQ(parking_lot::count(&word), 0U);
        EXPECT_FALSE(task.waits_for());
        task.request_stop();
        done = true;
    });
    EXPECT_FALSE(reached);
    EXPECT_TRUE(task.stop_pending());  // nobody was there to see it
}

TEST_F(async_park_test, of_a_coroutine_that_was_not_unparked_and_is_destroyed_leaves_the_unpark_to_the_next) {
    bool first = false;
    bool second = false;
    std::optional<waiting::step> last;
    waiting::run_on(home, done, [&] {
        const owned a = waits_at(word, first);
        const owned b = waits_at(word, second);
        a.handle.destroy();
        EXPECT_TRUE(parking_lot::unpark_one(&word).unparked);
        last.emplace([&, b] {
            b.handle.destroy();
            done = true;
        });
        home.post(*last);
    });
    EXPECT_FALSE(first);
    EXPECT_TRUE(second);
}

TEST_F(async_park_test, of_a_coroutine_that_is_destroyed_when_it_is_about_to_go_on_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(waiting::run_on(home, done,
                                 [&] {
                                     const owned a = waits_at(word, done);
                                     parking_lot::unpark_one(&word);
                                     a.handle.destroy();
                                 }),
                 "the frame of a coroutine is destroyed while it waits for something, and is about to go on");
}
