// SPDX-License-Identifier: BSL-1.0
// How often the workers of a pool have to do with each other: by how much there is to do, and not by how many
// they are. The bounds hold on any machine; what is usual is far below them, see docs/performance.md.
#include <gtest/gtest.h>
#include <atomic>
#include <cstdint>
#include <heddle/sync/latch.hpp>
#include <heddle/task/join.hpp>
#include <heddle/task/thread_pool.hpp>
#include "rt/waiting.hpp"

using heddle::thread_pool;
using heddle::thread_pool_stats;

namespace {

[[gnu::noinline]] long fib(int n) {
    if (n < 2) return n;
    const auto [a, b] = heddle::join([n] { return fib(n - 1); }, [n] { return fib(n - 2); });
    return a + b;
}

thread_pool_stats since(const thread_pool_stats& before, const thread_pool& pool) {
    thread_pool_stats s = pool.stats();
    s.tasks -= before.tasks;
    s.steals -= before.steals;
    s.asks -= before.asks;
    s.promotions -= before.promotions;
    s.sleeps -= before.sleeps;
    s.wakes -= before.wakes;
    return s;
}

}  // namespace

class pool_counts : public testing::TestWithParam<unsigned> {
 protected:
    // When all sleep, each for the first time.
    void SetUp() override {
        waiting::until([&] { return pool.stats().sleeps >= GetParam(); });
    }
    thread_pool pool{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(workers, pool_counts, testing::Values(4u, 8u, 16u));

TEST_P(pool_counts, one_task_wakes_one_worker_and_never_all) {
    for (int i = 0; i < 50; ++i) {
        const auto before = pool.stats();
        pool.post([] {});
        waiting::until([&] { return since(before, pool).tasks == 1 && since(before, pool).sleeps >= 1; });
        const auto now = since(before, pool);
        ASSERT_EQ(now.wakes, 1U);
        ASSERT_EQ(now.sleeps, 1U);
    }
}

TEST_P(pool_counts, of_a_tree_of_forks_few_are_put_where_others_can_take_them) {
    constexpr std::uint64_t forks = 28'656;
    const auto before = pool.stats();
    EXPECT_EQ(run_on(pool, [] { return fib(22); }), 17'711);
    const auto now = since(before, pool);
    EXPECT_LE(now.promotions, forks / 10);
    EXPECT_LE(now.steals, now.promotions);  // the call itself came from outside
    EXPECT_LE(now.asks, forks / 10);
    EXPECT_LE(now.wakes, forks / 10);
}

TEST_P(pool_counts, tasks_from_outside_wake_workers_by_how_many_tasks_there_are) {
    constexpr std::uint64_t many = 5000;
    const auto before = pool.stats();
    heddle::latch all(many);
    for (std::uint64_t i = 0; i < many; ++i) pool.post([&] { all.count_down(); });
    all.wait();
    const auto now = since(before, pool);
    EXPECT_LE(now.wakes, 2 * many);
    EXPECT_EQ(now.promotions, 0U);
}

TEST_P(pool_counts, tasks_that_a_task_submits_are_stolen_and_wake_workers_by_how_many_there_are) {
    constexpr std::uint64_t many = 5000;
    const auto before = pool.stats();
    heddle::latch all(many);
    pool.post([&] {
        for (std::uint64_t i = 0; i < many; ++i) pool.post([&] { all.count_down(); });
    });
    all.wait();
    const auto now = since(before, pool);
    EXPECT_LE(now.steals, many);
    EXPECT_LE(now.wakes, 2 * many);
    EXPECT_EQ(now.promotions, 0U);
}

TEST(pool_counts_of_one, nothing_is_published_stolen_or_asked_for) {
    thread_pool pool(1);
    EXPECT_EQ(run_on(pool, [] { return fib(15); }), 610);
    const auto s = pool.stats();
    EXPECT_EQ(s.promotions + s.steals + s.asks, 0U);
}
