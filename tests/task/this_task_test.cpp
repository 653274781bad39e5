// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/this_task.hpp>

#include <gtest/gtest.h>
#include <atomic>
#include <heddle/rt/error.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/thread_pool.hpp>
#include "gate.hpp"

using heddle::thread_pool;

TEST(this_task, check_delivers_a_request_once) {
    heddle::rt::task_context task("asked");
    const heddle::rt::task_scope as(&task);
    EXPECT_NO_THROW(heddle::this_task::check());
    task.request_stop();
    EXPECT_THROW(heddle::this_task::check(), heddle::cancelled);
    EXPECT_NO_THROW(heddle::this_task::check());
    task.request_stop();
    EXPECT_THROW(heddle::this_task::yield(), heddle::cancelled);
    EXPECT_NO_THROW(heddle::this_task::yield());
}

TEST(this_task, a_task_of_a_pool_that_yields_lets_others_run) {
    std::atomic<bool> done{false};
    task_tests::gate busy;
    thread_pool pool(1);
    pool.post([&] { busy.pass(); });
    busy.entered();
    auto waits = pool.submit([&] {
        while (!done.load()) heddle::this_task::yield();  // would never end alone
    });
    pool.post([&] { done = true; });
    busy.open();
    waits.get();
}

TEST(this_task, tasks_of_a_pool_yield_to_each_other) {
    thread_pool pool(2);
    std::atomic<int> round{0};
    const auto turn = [&round](int mine) {
        for (int n = 0; n < 100; ++n) {
            while (round.load() % 4 != mine) heddle::this_task::yield();
            round.fetch_add(1);
        }
    };
    std::vector<heddle::future<>> all;
    for (int i = 0; i < 4; ++i) all.push_back(pool.submit(turn, i));
    for (auto& f : all) f.get();
    EXPECT_EQ(round.load(), 400);
}
