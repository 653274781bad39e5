// SPDX-License-Identifier: BSL-1.0
// Pools that a policy orders, in many orders.
#include <atomic>
#include <heddle/policy/any_policy.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/policy_pool.hpp>
#include <heddle/task/this_task.hpp>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;

TEST(checked_policy_pool, work_from_outside_and_inside_is_all_run) {
    EXPECT_CORRECT([] {
        std::atomic<int> ran{0};
        {
            policy_pool pool(policy::make_policy("fcfs"), {.workers = 1});
            at_once({[&] {
                         pool.submit([&] {
                                 pool.post([&] { ++ran; });
                                 ++ran;
                             })
                             .get();  // so that it has added the other before the pool is closed
                     },
                     [&] { check::require(pool.submit([&] { return ++ran; }).get() > 0); }});
        }
        check::require(ran == 3);
    });
}

TEST(checked_policy_pool, a_task_that_waits_goes_on_whoever_wakes_it) {
    EXPECT_CORRECT([] {
        semaphore turns(0);
        policy_pool pool(policy::make_policy("priority preemptive"), {.workers = 2});
        auto waits = pool.submit([&] { turns.acquire(); });
        auto wakes = pool.submit_with({.priority = 1}, [&] { turns.release(); });
        waits.get();
        wakes.get();
    });
}

TEST(checked_policy_pool, tasks_that_yield_and_a_time_limit_meet) {
    EXPECT_CORRECT([] {
        semaphore s(0);
        bool got = false;
        {
            policy_pool pool(policy::make_policy("rr 1us"), {.workers = 1});
            pool.post([&] { got = s.try_acquire_for(std::chrono::milliseconds(1)); });
            pool.post([&] {
                this_task::yield();
                this_task::check();
                s.release();
            });
        }
        check::require(got != s.try_acquire());
    });
}

}  // namespace
