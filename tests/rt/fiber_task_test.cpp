// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/fiber_task.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/error.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/worker.hpp>
#include <string>
#include <thread>
#include <vector>
#include "waiting.hpp"

using namespace std::chrono_literals;
using heddle::rt::cancellation;
using heddle::rt::clock;
using heddle::rt::current_task;
using heddle::rt::deadline;
using heddle::rt::fiber_options;
using heddle::rt::fiber_task;
using heddle::rt::park;
using heddle::rt::parking_lot;
using heddle::rt::task_context;
using heddle::rt::task_scope;
using heddle::rt::wait_outcome;
using heddle::rt::worker;
using waiting::always;

namespace {

fiber_options small(std::string name = "fiber") {
    return {
        .stack_size = std::size_t{64} << 10, .guard_size = std::size_t{64} << 10, .name = std::move(name)};
}

struct fiber_task_test : ::testing::Test {
    worker home;
    int word = 0;
    bool done = false;
    void run() {
        home.run(nullptr, [this] { return done; });
    }
    void start(std::function<void()> body) { fiber_task::start(home, small(), std::move(body)); }
};

}  // namespace

TEST_F(fiber_task_test, is_current_and_a_task_of_its_own_while_it_runs) {
    EXPECT_EQ(fiber_task::current(), nullptr);
    auto* outside = &current_task();
    fiber_task::start(home, small("loom"), [&] {
        ASSERT_NE(fiber_task::current(), nullptr);
        EXPECT_EQ(&fiber_task::current()->home(), &home);
        EXPECT_NE(&current_task(), outside);
        EXPECT_EQ(current_task().name(), "loom");
        done = true;
    });
    run();
    EXPECT_EQ(fiber_task::current(), nullptr);
    EXPECT_EQ(&current_task(), outside);
}

TEST_F(fiber_task_test, that_parks_frees_its_worker) {
    std::vector<int> order;
    start([&] {
        order.push_back(1);
        EXPECT_EQ(park(&word, always), wait_outcome::granted);
        order.push_back(3);
        done = true;
    });
    start([&] {
        order.push_back(2);
        parking_lot::unpark_one(&word);
    });
    run();
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(fiber_task_test, is_unparked_by_other_threads_and_gets_the_token) {
    std::uintptr_t token = 0;
    start([&] {
        EXPECT_EQ(park(&word, always, deadline::never(), cancellation::observed, &token),
                  wait_outcome::granted);
        done = true;
    });
    std::thread other([&] {
        waiting::until_parked(&word, 1);
        parking_lot::unpark_all(&word, 11);
    });
    run();
    other.join();
    EXPECT_EQ(token, 11U);
}

TEST_F(fiber_task_test, that_need_not_wait_goes_on) {
    start([&] {
        EXPECT_EQ(park(
                      &word, [] { return false; }, deadline::after(1h)),
                  wait_outcome::invalid);
        done = true;
    });
    run();
}

TEST_F(fiber_task_test, times_out_at_its_deadline_and_not_before) {
    const auto when = clock::now() + 2ms;
    start([&] {
        EXPECT_EQ(park(&word, always, when), wait_outcome::timed_out);
        EXPECT_EQ(park(&word, always, deadline(clock::time_point::min())), wait_outcome::timed_out);
        done = true;
    });
    run();
    EXPECT_GE(clock::now(), when);
}

TEST_F(fiber_task_test, sleeps_in_the_order_of_the_deadlines) {
    std::vector<int> order;
    const auto now = clock::now();
    for (int i = 3; i > 0; --i)
        start([&, i] {
            heddle::rt::sleep_until(now + i * 1ms);
            order.push_back(i);
            done = order.size() == 3;
        });
    run();
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(fiber_task_test, asked_to_stop_ends_its_wait) {
    task_context* task = nullptr;
    start([&] {
        task = &current_task();
        EXPECT_THROW(heddle::rt::sleep_until(deadline::never()), heddle::cancelled);
        EXPECT_FALSE(current_task().stop_pending());
        done = true;
    });
    start([&] { task->request_stop(); });
    run();
}

TEST_F(fiber_task_test, asked_to_stop_by_another_thread_ends_its_wait) {
    std::atomic<task_context*> task{nullptr};
    start([&] {
        task = &current_task();
        EXPECT_EQ(park(&word, always, deadline::never(), cancellation::observed), wait_outcome::cancelled);
        done = true;
    });
    std::thread other([&] {
        waiting::until([&] { return task.load() != nullptr; });
        task.load()->request_stop();
    });
    run();
    other.join();
}

TEST_F(fiber_task_test, is_the_same_task_after_a_wait_also_inside_a_scope) {
    task_context inner;
    start([&] {
        auto* own = &current_task();
        park(&word, always);
        EXPECT_EQ(&current_task(), own);
        {
            task_scope scope(&inner);
            park(&word, always);
            EXPECT_EQ(&current_task(), &inner);
        }
        EXPECT_EQ(&current_task(), own);
        done = true;
    });
    start([&] { parking_lot::unpark_one(&word); });
    start([&] {
        auto* own = &current_task();
        EXPECT_NE(own, &inner);
        while (parking_lot::count(&word) == 0) heddle::rt::sleep_for(0s);
        parking_lot::unpark_one(&word);
    });
    run();
}

TEST_F(fiber_task_test, many_wait_at_once_and_all_go_on_in_order) {
    constexpr int many = 1000;
    std::vector<int> order;
    for (int i = 0; i < many; ++i)
        start([&, i] {
            park(&word, always);
            order.push_back(i);
            done = order.size() == many;
        });
    start([&] { EXPECT_EQ(parking_lot::unpark_all(&word), static_cast<std::size_t>(many)); });
    run();
    ASSERT_EQ(order.size(), static_cast<std::size_t>(many));
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(fiber_task_test, destroys_what_its_body_holds_when_it_ends) {
    auto held = std::make_shared<int>(1);
    start([&, held] { done = true; });
    EXPECT_EQ(held.use_count(), 2);
    run();
    EXPECT_EQ(held.use_count(), 1);
}

TEST_F(fiber_task_test, can_wait_while_an_exception_is_handled) {
    start([&] {
        try {
            throw 1;
        } catch (int) {
            heddle::rt::sleep_for(0s);
            try {
                throw;
            } catch (int again) {
                EXPECT_EQ(again, 1);
            }
        }
        done = true;
    });
    run();
}
