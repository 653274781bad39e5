// SPDX-License-Identifier: BSL-1.0
// How often a task allocates, counted: this file replaces operator new for all tests here.
#include <gtest/gtest.h>
#include <array>
#include <heddle/sync/latch.hpp>
#include <heddle/task/thread_pool.hpp>
#include <vector>
#include "rt/counted_new.hpp"

using heddle::future;
using heddle::thread_pool;

namespace {

constexpr int many = 1000;
// What waits to be taken lies in chunks, which are allocated too, now and then; and a worker whose task waits
// may need another fiber.
constexpr long others = many / 50;

class task_allocations : public testing::Test {
 protected:
    void SetUp() override {
        if (HEDDLE_SANITIZED != 0) GTEST_SKIP() << "a sanitizer brings an operator new of its own";
        futures.reserve(many);
    }

    /// How many allocations `round()` makes, on whatever thread, when it has run a few times before.
    template <class F> long counted(F round) {
        for (int i = 0; i < 5; ++i) round();
        const long before = allocations.load();
        round();
        return allocations.load() - before;
    }
    template <class Load> void submit_all(const Load& load) {
        for (int i = 0; i < many; ++i) futures.push_back(pool.submit([load] { return load[0]; }));
        for (const auto& f : futures) EXPECT_EQ(f.get(), 7);
        futures.clear();
    }
    template <class Load> void post_all(const Load& load) {
        heddle::latch all(many);
        for (int i = 0; i < many; ++i) pool.post([load, &all] { all.count_down(load[0] - 6); });
        all.wait();
        // The last one is gone when its worker has turned to something else.
        pool.submit([] {}).get();
    }

    thread_pool pool{2};
    std::vector<future<int>> futures;
    // Memory for a task of this size is not kept for the next one, so each allocation is seen.
    const std::array<int, 1000> large{7};
    const std::array<int, 4> small{7};
};

}  // namespace

TEST_F(task_allocations, a_submitted_task_is_one_allocation_all_included) {
    const long made = counted([&] { submit_all(large); });
    EXPECT_GE(made, many);
    EXPECT_LE(made, many + others);
}

TEST_F(task_allocations, a_posted_task_is_one_allocation_all_included) {
    const long made = counted([&] { post_all(large); });
    EXPECT_GE(made, many);
    EXPECT_LE(made, many + others + 1);
}

TEST_F(task_allocations, a_task_that_a_task_submits_is_one_allocation_all_included) {
    const long made = counted([&] { pool.submit([&] { submit_all(large); }).get(); });
    EXPECT_GE(made, many);
    EXPECT_LE(made, many + others);
}

// Small ones come from lists; what threads have in theirs varies by some batches.
TEST_F(task_allocations, small_tasks_use_the_memory_of_former_ones) {
    EXPECT_LE(counted([&] { submit_all(small); }), many / 4);
    EXPECT_LE(counted([&] { post_all(small); }), many / 4);
}
