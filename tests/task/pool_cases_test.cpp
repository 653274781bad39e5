// SPDX-License-Identifier: BSL-1.0
// What users of other pools rely on, case by case; the same cases for processes are in tests/process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <chrono>
#include <cstdint>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/task/thread_pool.hpp>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using heddle::thread_pool;
using ::testing::ElementsAre;

namespace {

int odd_or_throw(int n) {
    if (n % 2 == 0) throw std::invalid_argument("even: " + std::to_string(n));
    return n;
}

}  // namespace

TEST(pool_cases, PP03_results_are_the_same_in_the_same_order_for_every_size_of_chunks) {
    thread_pool pool(2);
    std::vector<int> items(40);
    std::iota(items.begin(), items.end(), 0);
    const auto square = [](int n) { return n * n; };
    std::vector<int> expected;
    for (const int n : items) expected.push_back(square(n));
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{6}, std::size_t{40}, std::size_t{50},
                                    std::size_t{0}, std::size_t{SIZE_MAX}})
        for (const std::size_t in_flight : {std::size_t{0}, std::size_t{1}, std::size_t{3}})
            EXPECT_EQ(pool.map(square, items, {.chunk = chunk, .in_flight = in_flight}).get(), expected)
                << "chunk " << chunk << ", " << in_flight << " in flight";
}

TEST(pool_cases, MP06_map_is_ordered_although_a_later_item_is_done_first) {
    heddle::event first;
    heddle::event second;
    thread_pool pool(2);
    const auto results = pool.map(
        [&](int n) {
            if (n == 0) first.wait();
            if (n == 1) second.set();
            return n;
        },
        std::vector{0, 1});
    second.wait();
    first.set();
    std::vector<int> order;
    for (const int n : results) order.push_back(n);
    EXPECT_THAT(order, ElementsAre(0, 1));
}

TEST(pool_cases, MP06_map_unordered_gives_results_as_they_are_done) {
    heddle::event first;
    thread_pool pool(2);
    std::vector<int> order;
    for (const auto& done : pool.map_unordered(
             [&](int n) {
                 if (n == 0) first.wait();
                 return n;
             },
             std::vector{0, 1})) {
        order.push_back(done.get());
        if (order.size() == 1) first.set();  // it cannot have been before
    }
    EXPECT_THAT(order, ElementsAre(1, 0));
}

TEST(pool_cases, MP06_iteration_goes_on_behind_items_that_fail) {
    thread_pool pool(2);
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
        const auto results = pool.map(odd_or_throw, std::vector{1, 2, 3, 4, 5}, {.chunk = chunk});
        std::vector<int> good;
        std::vector<std::string> bad;
        auto at = results.begin();
        for (int i = 0; i < 5; ++i, ++at) {
            try {
                good.push_back(*at);
            } catch (const std::invalid_argument& e) {
                bad.emplace_back(e.what());
            }
        }
        EXPECT_EQ(at, results.end());
        EXPECT_THAT(good, ElementsAre(1, 3, 5)) << "chunk " << chunk;
        EXPECT_THAT(bad, ElementsAre("even: 2", "even: 4")) << "chunk " << chunk;
    }
}

TEST(pool_cases, MP06_a_result_that_is_not_there_in_time_is_a_timeout_and_comes_later) {
    heddle::event open;
    thread_pool pool(1);
    const auto call = pool.submit([&] {
        open.wait();
        return 7;
    });
    EXPECT_THROW((void)call.get_for(0s), heddle::timeout_error);
    EXPECT_THROW((void)call.exception_for(0s), heddle::timeout_error);  // nor whether it was successful
    open.set();
    EXPECT_EQ(call.get(), 7);
    EXPECT_EQ(call.exception(), nullptr);
}

TEST(pool_cases, MP06_a_callback_is_told_of_the_result_or_the_error_once) {
    std::mutex lock;
    std::vector<int> results;
    std::vector<std::string> errors;
    heddle::latch told(4);
    thread_pool pool(2);
    for (const int n : {1, 2, 3, 4})
        pool.submit(odd_or_throw, n).on_done([&](const heddle::future<int>& done) {
            {
                const std::lock_guard guard(lock);
                try {
                    results.push_back(done.get());
                } catch (const std::invalid_argument& e) {
                    errors.emplace_back(e.what());
                }
            }
            told.count_down();
        });
    told.wait();
    const std::lock_guard guard(lock);
    EXPECT_THAT(results, ::testing::UnorderedElementsAre(1, 3));
    EXPECT_THAT(errors, ::testing::UnorderedElementsAre("even: 2", "even: 4"));
}

TEST(pool_cases, MP06_a_closed_pool_refuses_calls_and_ends_those_that_it_has) {
    heddle::event open;
    thread_pool pool(1);
    const auto running = pool.submit([&] { open.wait(); });
    const auto pending = pool.submit([] { return 25; });
    pool.shutdown({.wait = false});
    EXPECT_THROW(pool.submit([] {}), heddle::shutdown_error);
    EXPECT_THROW(pool.post([] {}), heddle::shutdown_error);
    EXPECT_THROW(pool.map([](int n) { return n; }, std::vector{1, 2}), heddle::shutdown_error);
    open.set();
    running.get();
    EXPECT_EQ(pending.get(), 25);
}
