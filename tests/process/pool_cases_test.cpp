// SPDX-License-Identifier: BSL-1.0
// What users of other pools of processes rely on, case by case.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <chrono>
#include <cstdint>
#include <heddle/process/process_pool.hpp>
#include <heddle/sync/latch.hpp>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "gate.hpp"

using namespace std::chrono_literals;
using heddle::process_pool;
using processes::gate;
using ::testing::ElementsAre;

namespace {

int square(int n) {
    return n * n;
}
int odd_or_throw(int n) {
    if (n % 2 == 0) throw std::invalid_argument("even: " + std::to_string(n));
    return n;
}

// One of several may refuse to be packed.
struct parcel {
    int content = 0;

    template <class Archive> void save(Archive& archive) const {
        if (content == 13) throw std::out_of_range("not for travelling");
        archive(content);
    }
    template <class Archive> void load(Archive& archive) { archive(content); }
    parcel() = default;
    explicit parcel(int c) : content(c) {}
    parcel(const parcel& other) : content(other.content) {}  // so that it is not sent as bytes
    parcel& operator=(const parcel&) = default;
};
int content_of(parcel p) {
    return p.content;
}

std::vector<int> numbers(int n) {
    std::vector<int> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

// Two calls, the second of which ends first.
struct two_gates {
    gate first;
    gate second;
    std::vector<std::string> names() const { return {first.name(), second.name()}; }
};

}  // namespace

TEST(pool_cases, PP03_results_are_the_same_in_the_same_order_for_every_size_of_chunks) {
    process_pool procs(2);
    const auto items = numbers(40);
    std::vector<int> expected;
    for (const int n : items) expected.push_back(n * n);
    // A negative one does not compile: compile_fail/negative_chunk.cpp.
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{6}, std::size_t{40}, std::size_t{50},
                                    std::size_t{0}, std::size_t{SIZE_MAX}}) {
        EXPECT_EQ(procs.map(square, items, {.chunk = chunk}).get(), expected) << "chunk " << chunk;
        std::vector<int> one_by_one;
        for (const int n : procs.map(square, items, {.chunk = chunk})) one_by_one.push_back(n);
        EXPECT_EQ(one_by_one, expected) << "chunk " << chunk;
    }
}

TEST(pool_cases, PP03_chunks_differ_in_how_many_tasks_they_make_and_nothing_else) {
    process_pool procs(2);
    const auto tasks_of = [&](std::size_t chunk) {
        const auto before = procs.stats().tasks;
        procs.map(square, numbers(40), {.chunk = chunk}).get();
        return procs.stats().tasks - before;
    };
    EXPECT_EQ(tasks_of(1), 40U);
    EXPECT_EQ(tasks_of(6), 7U);
    EXPECT_EQ(tasks_of(40), 1U);
    EXPECT_EQ(tasks_of(50), 1U);
}

TEST(pool_cases, PP03_a_task_that_cannot_be_serialised_fails_alone_and_the_pool_goes_on) {
    process_pool procs(2);
    const auto before = procs.submit(content_of, parcel(1));
    const auto bad = procs.submit(content_of, parcel(13));
    const auto after = procs.submit(content_of, parcel(2));
    EXPECT_THROW(bad.get(), std::out_of_range);
    EXPECT_EQ(before.get(), 1);
    EXPECT_EQ(after.get(), 2);

    // In a map the task is the chunk in which it lies.
    const std::vector<parcel> items{parcel(11), parcel(12), parcel(13), parcel(14)};
    const auto failed = [&](std::size_t chunk) {
        std::vector<bool> all;
        const auto results = procs.map(content_of, items, {.chunk = chunk});
        auto at = results.begin();
        for (std::size_t i = 0; i < items.size(); ++i, ++at) {
            try {
                EXPECT_EQ(*at, items[i].content);
                all.push_back(false);
            } catch (const std::out_of_range&) {
                all.push_back(true);
            }
        }
        return all;
    };
    EXPECT_THAT(failed(1), ElementsAre(false, false, true, false));
    EXPECT_THAT(failed(2), ElementsAre(false, false, true, true));
    EXPECT_EQ(procs.submit(square, 3).get(), 9);
    EXPECT_EQ(procs.stats().workers_died, 0U);
}

TEST(pool_cases, MP06_map_is_ordered_although_a_later_item_is_done_first) {
    const two_gates gates;  // they outlive the pool
    process_pool procs(2);
    const auto results = procs.map(gate::pass, gates.names(), {.chunk = 1});
    const pid_t first = gates.first.wait_for_arrival();
    const pid_t second = gates.second.wait_for_arrival();
    gates.second.open();
    // It has ended when its worker has taken another call.
    const auto another = procs.submit(::getpid);
    EXPECT_EQ(another.get(), second);
    gates.first.open();
    std::vector<pid_t> order;
    for (const pid_t who : results) order.push_back(who);
    EXPECT_THAT(order, ElementsAre(first, second));
}

TEST(pool_cases, MP06_results_can_be_had_as_they_are_done) {
    const two_gates gates;
    process_pool procs(2);
    std::vector<pid_t> order;
    const pid_t expected_last = [&] {
        auto results = procs.map(gate::pass, gates.names(), {.chunk = 1});
        const pid_t last = gates.first.wait_for_arrival();
        gates.second.wait_for_arrival();
        gates.second.open();
        for (const auto& done : std::move(results).as_completed()) {
            order.push_back(done.get());
            if (order.size() == 1) gates.first.open();  // it cannot have been before
        }
        return last;
    }();
    ASSERT_EQ(order.size(), 2U);
    EXPECT_NE(order.front(), expected_last);
    EXPECT_EQ(order.back(), expected_last);
}

TEST(pool_cases, MP06_iteration_goes_on_behind_items_that_fail_also_where_they_travel_together) {
    process_pool procs(2);
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
        const auto results = procs.map(odd_or_throw, std::vector{1, 2, 3, 4, 5}, {.chunk = chunk});
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
        // And in the order in which they are done: each once, whichever way it ended.
        std::size_t ended = 0;
        std::size_t failed = 0;
        for (const auto& done :
             procs.map(odd_or_throw, std::vector{1, 2, 3, 4, 5}, {.chunk = chunk}).as_completed()) {
            ++ended;
            failed += done.exception() != nullptr;
        }
        EXPECT_EQ(ended, 5U);
        EXPECT_EQ(failed, 2U);
    }
}

TEST(pool_cases, MP06_a_result_that_is_not_there_in_time_is_a_timeout_and_comes_later) {
    const gate g;
    process_pool procs(1);
    const auto call = procs.submit(gate::pass, g.name());
    EXPECT_THROW((void)call.get_for(0s), heddle::timeout_error);
    const pid_t worker = g.wait_for_arrival();
    EXPECT_THROW((void)call.get_for(1ms), heddle::timeout_error);
    g.open();
    EXPECT_EQ(call.get(), worker);
}

TEST(pool_cases, MP06_whether_a_call_was_successful_cannot_be_asked_before_it_has_ended) {
    const gate g;
    process_pool procs(1);
    const auto call = procs.submit(gate::pass, g.name());
    EXPECT_FALSE(call.done());
    EXPECT_THROW((void)call.exception_for(0s), heddle::timeout_error);
    g.open();
    EXPECT_EQ(call.exception(), nullptr);
    const auto bad = procs.submit(odd_or_throw, 2);
    EXPECT_NE(bad.exception(), nullptr);
    EXPECT_TRUE(bad.done());
}

TEST(pool_cases, MP06_a_callback_is_told_of_the_result_or_the_error_once) {
    std::mutex lock;
    std::vector<int> results;
    std::vector<std::string> errors;
    heddle::latch told(4);
    {
        process_pool procs(2);
        for (const int n : {1, 2, 3, 4})
            procs.submit(odd_or_throw, n).on_done([&](const heddle::future<int>& done) {
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
    }
    EXPECT_THAT(results, ::testing::UnorderedElementsAre(1, 3));
    EXPECT_THAT(errors, ::testing::UnorderedElementsAre("even: 2", "even: 4"));
}

TEST(pool_cases, MP06_a_closed_pool_refuses_calls_and_ends_those_that_it_has) {
    const gate g;
    process_pool procs(1);
    const auto running = procs.submit(gate::pass, g.name());
    const auto pending = procs.submit(square, 5);
    procs.shutdown({.wait = false});
    EXPECT_THROW(procs.submit(square, 1), heddle::shutdown_error);
    EXPECT_THROW(procs.post(square, 1), heddle::shutdown_error);
    EXPECT_THROW(procs.map(square, std::vector{1, 2}), heddle::shutdown_error);
    g.open();
    EXPECT_GT(running.get(), 0);
    EXPECT_EQ(pending.get(), 25);
    procs.shutdown();
    EXPECT_THROW(procs.submit(square, 1), heddle::shutdown_error);
}
