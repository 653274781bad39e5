// SPDX-License-Identifier: BSL-1.0
// Pools that a policy orders, and pipelines, in many orders.
#include <atomic>
#include <heddle/policy/any_policy.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/pipeline.hpp>
#include <heddle/task/policy_pool.hpp>
#include <heddle/task/this_task.hpp>
#include <optional>
#include <stdexcept>

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

TEST(checked_pipeline, keeps_the_order_of_a_stage_with_two_workers) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        const auto all = pipeline<int>::from([n = 0]() mutable { return n < 3 ? std::optional<int>(n++) : std::nullopt; })
                             .then([](int x) { return x; }, {.workers = 2, .capacity = 1})
                             .collect(pool);
        check::require(all == std::vector<int>{0, 1, 2});
    });
}

TEST(checked_pipeline, ends_when_a_stage_fails) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        bool thrown = false;
        try {
            pipeline<int>::from([]() -> std::optional<int> { return 1; })
                .then(
                    [](int x) {
                        if (x == 1) throw std::domain_error("stage");
                        return x;
                    },
                    {.workers = 2, .capacity = 1})
                .collect(pool);
        } catch (const std::domain_error&) {
            thrown = true;
        }
        check::require(thrown);
    });
}

}  // namespace
