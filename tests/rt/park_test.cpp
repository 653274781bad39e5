// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/parking_lot.hpp>

#include <gtest/gtest.h>
#include <atomic>
#include <heddle/rt/error.hpp>
#include <heddle/rt/task_context.hpp>
#include <thread>
#include <vector>
#include "waiting.hpp"

using namespace std::chrono_literals;
using heddle::rt::cancellation;
using heddle::rt::clock;
using heddle::rt::deadline;
using heddle::rt::park;
using heddle::rt::parking_lot;
using heddle::rt::task_context;
using heddle::rt::task_scope;
using heddle::rt::wait_outcome;
using waiting::always;
using waiting::until_parked;

TEST(park, blocks_until_unparked_and_gives_the_token) {
    int word = 0;
    wait_outcome outcome{};
    std::uintptr_t token = 0;
    std::thread t([&] { outcome = park(&word, always, deadline::never(), cancellation::ignored, &token); });
    until_parked(&word, 1);
    EXPECT_EQ(parking_lot::unpark_all(&word, 5), 1U);
    t.join();
    EXPECT_EQ(outcome, wait_outcome::granted);
    EXPECT_EQ(token, 5U);
}

TEST(park, that_spins_at_first_is_woken_at_once_and_after_it_has_fallen_asleep) {
    int word = 0;
    for (int round = 0; round < 200; ++round) {
        wait_outcome outcome{};
        std::uintptr_t token = 0;
        std::thread t([&] { outcome = park({.address = &word, .validate = always, .spin = true}, token); });
        until_parked(&word, 1);
        if (round % 20 == 0) std::this_thread::sleep_for(1ms);
        EXPECT_EQ(parking_lot::unpark_all(&word, 5), 1U);
        t.join();
        EXPECT_EQ(outcome, wait_outcome::granted);
        EXPECT_EQ(token, 5U);
    }
}

TEST(park, that_spins_at_first_times_out_and_ends_when_it_is_asked_to_stop) {
    int word = 0;
    std::uintptr_t token = 0;
    const heddle::rt::park_request soon{
        .address = &word, .validate = always, .until = deadline::after(1us), .spin = true};
    EXPECT_EQ(park(soon, token), wait_outcome::timed_out);
    task_context task;
    std::thread t([&] {
        task_scope scope(&task);
        std::uintptr_t none = 0;
        EXPECT_EQ(
            park({.address = &word, .validate = always, .mode = cancellation::observed, .spin = true}, none),
            wait_outcome::cancelled);
    });
    until_parked(&word, 1);
    task.request_stop();
    t.join();
}

TEST(park, does_not_wait_when_validation_says_no) {
    int word = 0;
    EXPECT_EQ(park(&word, [] { return false; }), wait_outcome::invalid);
}

TEST(park, times_out_at_its_deadline_and_not_before) {
    int word = 0;
    const auto when = clock::now() + 2ms;
    EXPECT_EQ(park(&word, always, when), wait_outcome::timed_out);
    EXPECT_GE(clock::now(), when);
    EXPECT_EQ(parking_lot::count(&word), 0U);
}

TEST(park, with_a_deadline_in_the_past_tries_once) {
    int word = 0;
    EXPECT_EQ(park(&word, always, deadline::after(-1h)), wait_outcome::timed_out);
    EXPECT_EQ(park(&word, always, deadline(clock::time_point::min())), wait_outcome::timed_out);
    EXPECT_EQ(park(&word, [] { return false; }, deadline::after(-1h)), wait_outcome::invalid);
}

TEST(park, what_was_done_before_the_unpark_is_seen_after_it) {
    int word = 0;
    int data = 0;  // not atomic
    std::thread t([&] {
        until_parked(&word, 1);
        data = 42;
        parking_lot::unpark_one(&word);
    });
    EXPECT_EQ(park(&word, always), wait_outcome::granted);
    EXPECT_EQ(data, 42);
    t.join();
}

TEST(park, wakes_threads_in_the_order_in_which_they_came) {
    int word = 0;
    std::vector<int> order;  // only one thread is woken at a time
    std::atomic<int> done{0};
    std::vector<std::thread> group;
    for (int i = 0; i < 4; ++i) {
        group.emplace_back([&, i] {
            park(&word, always);
            order.push_back(i);
            done.fetch_add(1);
        });
        until_parked(&word, static_cast<std::size_t>(i + 1));
    }
    for (int i = 0; i < 4; ++i) {
        parking_lot::unpark_one(&word);
        waiting::until([&] { return done.load() == i + 1; });
    }
    for (auto& t : group) t.join();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(park, that_observes_it_ends_when_its_task_is_asked_to_stop) {
    int word = 0;
    task_context context;
    wait_outcome outcome{};
    std::thread t([&] {
        task_scope scope(&context);
        outcome = park(&word, always, deadline::never(), cancellation::observed);
    });
    until_parked(&word, 1);
    context.request_stop();
    t.join();
    EXPECT_EQ(outcome, wait_outcome::cancelled);
    EXPECT_EQ(parking_lot::count(&word), 0U);
    EXPECT_FALSE(context.stop_pending());  // delivered
}

TEST(park, that_observes_it_does_not_begin_when_a_stop_is_pending) {
    int word = 0;
    task_context context;
    task_scope scope(&context);
    context.request_stop();
    bool validated = false;
    const auto validate = [&] { return validated = true; };
    EXPECT_EQ(park(&word, validate, deadline::never(), cancellation::observed), wait_outcome::cancelled);
    EXPECT_FALSE(validated);
    EXPECT_FALSE(context.stop_pending());
}

TEST(park, that_ignores_it_is_not_disturbed_and_the_request_stays) {
    int word = 0;
    task_context context;
    wait_outcome outcome{};
    std::thread t([&] {
        task_scope scope(&context);
        outcome = park(&word, always, deadline::never(), cancellation::ignored);
    });
    until_parked(&word, 1);
    context.request_stop();
    EXPECT_EQ(parking_lot::count(&word), 1U);
    parking_lot::unpark_one(&word);
    t.join();
    EXPECT_EQ(outcome, wait_outcome::granted);
    EXPECT_TRUE(context.stop_pending());
}

TEST(park, granted_first_is_granted_and_the_request_waits_for_the_next) {
    int word = 0;
    task_context context;
    std::vector<wait_outcome> outcomes;
    std::thread t([&] {
        task_scope scope(&context);
        outcomes.push_back(park(&word, always, deadline::never(), cancellation::observed));
        outcomes.push_back(park(&word, always, deadline::never(), cancellation::observed));
    });
    until_parked(&word, 1);
    // Under the bucket's lock nobody can take the waiter out twice: this unpark has won before the request.
    parking_lot::unpark_one(&word, [&](const heddle::rt::unpark_result& r) {
        EXPECT_TRUE(r.unparked);
        return std::uintptr_t{0};
    });
    context.request_stop();
    t.join();
    EXPECT_EQ(outcomes, (std::vector<wait_outcome>{wait_outcome::granted, wait_outcome::cancelled}));
}

TEST(sleep, lasts_until_its_deadline) {
    const auto when = clock::now() + 3ms;
    heddle::rt::sleep_until(when);
    EXPECT_GE(clock::now(), when);
}

TEST(sleep, for_a_negative_time_returns_at_once) {
    heddle::rt::sleep_for(-10h);
    heddle::rt::sleep_for(0s);
}

TEST(sleep, is_a_point_of_cancellation) {
    task_context context;
    std::atomic<bool> thrown{false};
    std::thread t([&] {
        task_scope scope(&context);
        try {
            heddle::rt::sleep_until(deadline::never());
        } catch (const heddle::cancelled&) {
            thrown = true;
        }
    });
    context.request_stop();
    t.join();
    EXPECT_TRUE(thrown);
}
