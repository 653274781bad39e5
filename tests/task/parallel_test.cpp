// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/parallel.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/parallel_scan.hpp>
#include <heddle/task/parallel_sort.hpp>
#include <limits>
#include <list>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>
#include "compute.hpp"

using heddle::parallel_for;
using heddle::parallel_reduce;
using heddle::parallel_scan;
using heddle::parallel_sort;
using heddle::parallel_stable_sort;
using heddle::parallel_transform;
using heddle::run_on;
using heddle::scan;
using heddle::thread_pool;

namespace {

std::vector<int> some(std::size_t n) {
    std::vector<int> v(n);
    std::uint32_t x = 1;
    for (auto& i : v) i = static_cast<int>((x = x * 1664525 + 1013904223) >> 8);
    return v;
}

struct parallel : ::testing::TestWithParam<unsigned> {
    thread_pool pool{GetParam()};
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(workers, parallel, ::testing::Values(1U, 2U, 4U));

TEST_P(parallel, for_calls_each_index_once) {
    std::vector<std::atomic<int>> seen(100'000);
    run_on(pool,
           [&] { parallel_for(std::size_t{0}, seen.size(), [&](std::size_t i) { seen[i].fetch_add(1); }); });
    EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](const auto& n) { return n == 1; }));
}

TEST_P(parallel, for_takes_any_integers_and_nothing_for_an_empty_range) {
    std::atomic<long> sum{0};
    run_on(pool, [&] {
        parallel_for(-50, 51, [&](int i) { sum.fetch_add(i + 1000); });
        parallel_for(7, 7, [&](int) { sum = 0; });
        parallel_for(8, 7, [&](int) { sum = 0; });
        parallel_for(std::int8_t{-128}, std::int8_t{127}, [&](std::int8_t) { sum.fetch_add(1); });
    });
    EXPECT_EQ(sum, 101 * 1000 + 255);
}

TEST_P(parallel, for_takes_ranges_and_iterators) {
    std::vector<int> v(1000, 1);
    run_on(pool, [&] {
        parallel_for(v, [](int& x) { x += 1; });
        parallel_for(v.begin(), v.end(), [](int& x) { x *= 2; }, {.grain = 10});
    });
    EXPECT_EQ(v, std::vector<int>(1000, 4));
}

TEST_P(parallel, for_in_two_dimensions_calls_each_pair_once) {
    std::vector<std::atomic<int>> seen(30 * 70);
    run_on(pool, [&] {
        parallel_for(10, 40, 5L, 75L, [&](int i, long j) {
            seen[static_cast<std::size_t>((i - 10) * 70 + (j - 5))].fetch_add(1);
        });
    });
    EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](const auto& n) { return n == 1; }));
}

TEST_P(parallel, for_in_two_dimensions_takes_ranges_of_any_length) {
    std::atomic<long> sum{0};
    struct enough {};
    // Whichever worker is the first, its first pair ends the loop; nobody else's has to.
    const auto once = [&](auto, auto) {
        sum.fetch_add(1);
        throw enough();
    };
    constexpr int least = std::numeric_limits<int>::min();
    constexpr int most = std::numeric_limits<int>::max();
    run_on(pool, [&] {
        parallel_for(std::int8_t{-128}, std::int8_t{127}, 0, 2, [&](std::int8_t, int) { sum.fetch_add(1); });
        EXPECT_EQ(sum.exchange(0), 255 * 2);
        EXPECT_THROW(parallel_for(least, most, 0, 1, once), enough);  // more rows than an int can count
        EXPECT_GE(sum.exchange(0), 1);
        // As many pairs as there are numbers of 64 bits, so that their count is 0.
        EXPECT_THROW(parallel_for(0ULL, 1ULL << 32, 0ULL, 1ULL << 32, once), enough);
        EXPECT_GE(sum.exchange(0), 1);
    });
}

TEST_P(parallel, for_runs_in_place_outside_a_pool) {
    int sum = 0;
    parallel_for(0, 100, [&](int i) { sum += i; });
    EXPECT_EQ(sum, 4950);
}

TEST_P(parallel, for_throws_what_a_call_threw_when_all_others_are_over) {
    std::atomic<int> inside{0};
    run_on(pool, [&] {
        EXPECT_THROW(parallel_for(0, 10'000,
                                  [&](int i) {
                                      inside.fetch_add(1);
                                      if (i == 4321) {
                                          inside.fetch_sub(1);
                                          throw std::domain_error("4321");
                                      }
                                      inside.fetch_sub(1);
                                  },
                                  {.grain = 1}),
                     std::domain_error);
        EXPECT_EQ(inside, 0);
        EXPECT_FALSE(heddle::rt::current_task().stop_pending());
    });
}

TEST(parallel_loops, of_two_items_run_them_at_the_same_time) {
    heddle::thread_pool pool(2);
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> begun{0};
        run_on(pool, [&] {
            parallel_for(0, 2, [&](int) {
                ++begun;
                task_tests::compute(std::chrono::seconds(30), [&] { return begun == 2; });
                task_tests::compute(std::chrono::milliseconds(1));
                EXPECT_EQ(begun, 2);
            });
        });
    }
}

TEST_P(parallel, for_leaves_out_the_rest_when_the_task_is_asked_to_stop) {
    std::atomic<int> calls{0};
    auto f = pool.submit([&] {
        parallel_for(0, 1'000'000,
                     [&](int) {
                         if (calls.fetch_add(1) == 10) heddle::rt::current_task().request_stop();
                     },
                     {.grain = 1});
    });
    EXPECT_THROW(f.get(), heddle::cancelled);
    EXPECT_LT(calls, 1'000'000);
}

TEST_P(parallel, transform_writes_each_result_at_its_place) {
    const auto v = some(5000);
    std::vector<long> out(v.size());
    run_on(pool, [&] { parallel_transform(v, out.begin(), [](int x) { return 2L * x; }); });
    for (std::size_t i = 0; i < v.size(); ++i) EXPECT_EQ(out[i], 2L * v[i]);
}

TEST_P(parallel, reduce_keeps_the_order_of_the_items) {
    std::vector<int> digits(3000);
    std::iota(digits.begin(), digits.end(), 0);
    std::string expected = "x";
    for (const int d : digits) expected += std::to_string(d % 10);
    const auto text = run_on(pool, [&] {
        return parallel_reduce(digits, std::string("x"), std::plus<>{},
                               [](int d) { return std::to_string(d % 10); });
    });
    EXPECT_EQ(text, expected);
    EXPECT_EQ(parallel_reduce(std::vector<int>{}, 5), 5);
    EXPECT_EQ(parallel_reduce(1, 5, 0, std::plus<>{}, [](int i) { return i * i; }), 30);
}

TEST(parallel_sums, of_floating_point_do_not_depend_on_the_number_of_workers) {
    std::vector<double> v(100'001);
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = 1.0 / static_cast<double>(i + 1);
    const double alone = parallel_reduce(v, 0.0);
    for (const unsigned workers : {1U, 2U, 3U}) {
        thread_pool pool(workers);
        for (int n = 0; n < 5; ++n) EXPECT_EQ(run_on(pool, [&] { return parallel_reduce(v, 0.0); }), alone);
    }
}

TEST_P(parallel, scan_gives_running_sums_with_and_without_the_item_itself) {
    for (const std::size_t n : {0U, 1U, 7U, 1024U, 5000U}) {
        auto v = some(n);
        for (auto& x : v) x %= 1000;
        std::vector<long> with(n);
        std::vector<long> without(n);
        std::vector<long> expected_with(n);
        std::vector<long> expected_without(n);
        run_on(pool, [&] {
            parallel_scan(v, with.begin(), 10L);
            parallel_scan(v, without.begin(), 10L, std::plus<>{}, scan::exclusive);
        });
        std::inclusive_scan(v.begin(), v.end(), expected_with.begin(), std::plus<>{}, 10L);
        std::exclusive_scan(v.begin(), v.end(), expected_without.begin(), 10L);
        EXPECT_EQ(with, expected_with);
        EXPECT_EQ(without, expected_without);
    }
}

TEST_P(parallel, scan_may_write_over_its_input) {
    std::vector<long> v(3000, 1);
    run_on(pool, [&] { parallel_scan(v, v.begin(), 0L); });
    for (std::size_t i = 0; i < v.size(); ++i) EXPECT_EQ(v[i], static_cast<long>(i + 1));
}

TEST_P(parallel, sort_sorts) {
    for (const std::size_t n : {0U, 1U, 2U, 100U, 20'000U}) {
        auto v = some(n);
        auto expected = v;
        std::sort(expected.begin(), expected.end());
        run_on(pool, [&] { parallel_sort(v, {}, {}, {.grain = 32}); });
        EXPECT_EQ(v, expected);
        run_on(pool, [&] { parallel_sort(v, std::greater<>{}, {}, {.grain = 32}); });
        EXPECT_TRUE(std::is_sorted(v.rbegin(), v.rend()));
    }
}

TEST_P(parallel, sort_is_quick_also_where_many_are_equal_or_in_order) {
    std::vector<int> same(50'000, 1);
    std::vector<int> rising(50'000);
    std::iota(rising.begin(), rising.end(), 0);
    long compared = 0;
    thread_pool one(1);
    const auto counting = [&](int a, int b) {
        ++compared;
        return a < b;
    };
    run_on(one, [&] {
        parallel_sort(same, counting, {}, {.grain = 32});
        parallel_sort(rising, counting, {}, {.grain = 32});
    });
    EXPECT_TRUE(std::is_sorted(rising.begin(), rising.end()));
    EXPECT_LT(compared, 6'000'000);  // 2 · n · log2 n is 1.6 million; the square would be 2.5 milliards
}

TEST_P(parallel, stable_sort_keeps_the_order_of_equal_items) {
    struct entry {
        int key;
        int place;
    };
    auto keys = some(20'000);
    std::vector<entry> v;
    for (std::size_t i = 0; i < keys.size(); ++i) v.push_back({keys[i] % 50, static_cast<int>(i)});
    run_on(pool, [&] { parallel_stable_sort(v, {}, &entry::key, {.grain = 64}); });
    for (std::size_t i = 1; i < v.size(); ++i) {
        EXPECT_LE(v[i - 1].key, v[i].key);
        if (v[i - 1].key == v[i].key) {
            EXPECT_LT(v[i - 1].place, v[i].place);
        }
    }
}
