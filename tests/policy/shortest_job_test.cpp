// SPDX-License-Identifier: BSL-1.0
#include <heddle/policy/shortest_job_next.hpp>
#include <heddle/policy/shortest_remaining_time.hpp>

#include <gtest/gtest.h>
#include <stdexcept>
#include "simulate.hpp"

using namespace policy_tests;
using heddle::policy::shortest_job_next;
using heddle::policy::shortest_remaining_time;

TEST(shortest_job_next, runs_the_shortest_first) {
    const auto r = simulate(shortest_job_next(), {job(1, 0, 6), job(2, 0, 8), job(3, 0, 7), job(4, 0, 3)});
    EXPECT_EQ(r.chart, "P4 0-3, P1 3-9, P3 9-16, P2 16-24");
    EXPECT_DOUBLE_EQ(r.wait(), 7);
    EXPECT_DOUBLE_EQ(r.turnaround(), 13);
}

TEST(shortest_job_next, does_not_interrupt) {
    EXPECT_EQ(simulate(shortest_job_next(), {job(1, 0, 9), job(2, 1, 1)}).chart, "P1 0-9, P2 9-10");
}

TEST(shortest_job_next, one_of_unknown_length_counts_as_the_longest) {
    shortest_job_next p;
    p.arrive({.id = 1, .arrival = at(0)}, at(0));
    p.arrive(job(2, 0, 1000), at(0));
    EXPECT_EQ(p.pick(at(0)), 2u);
}

TEST(shortest_job_next, predicts_by_exponential_averaging) {
    // Silberschatz: first guess 10, weight one half.
    const heddle::policy::shortest_job_options options{.estimate = true, .first_estimate = duration(10)};
    duration guess = options.first_estimate;
    std::vector<std::int64_t> guesses;
    for (const int burst : {6, 4, 6, 4, 13, 13, 13}) {
        guess = heddle::policy::detail::next_estimate(options, guess, duration(burst));
        guesses.push_back(guess.count());
    }
    EXPECT_EQ(guesses, (std::vector<std::int64_t>{8, 6, 6, 5, 9, 11, 12}));
}

TEST(shortest_job_next, a_task_that_was_short_goes_before_one_that_was_long) {
    shortest_job_next p({.estimate = true, .first_estimate = duration(10)});
    for (const std::uint64_t id : {1u, 2u}) p.arrive({.id = id, .arrival = at(0)}, at(0));
    EXPECT_EQ(p.pick(at(0)), 1u);
    p.ran(1, duration(50), stop_reason::blocked, at(50));
    EXPECT_EQ(p.pick(at(50)), 2u);
    p.ran(2, duration(2), stop_reason::blocked, at(52));
    for (const std::uint64_t id : {1u, 2u}) p.arrive({.id = id, .arrival = at(60)}, at(60));
    EXPECT_EQ(p.pick(at(60)), 2u);
}

TEST(shortest_job_next, a_weight_must_be_from_0_to_1) {
    EXPECT_THROW(shortest_job_next({.estimate_weight = 1.5}), std::invalid_argument);
    EXPECT_THROW(shortest_remaining_time({.estimate_weight = -1}), std::invalid_argument);
    EXPECT_THROW(shortest_job_next({.first_estimate = duration(-1)}), std::invalid_argument);
}

TEST(shortest_remaining_time, displaces_one_that_needs_longer) {
    const std::vector<task_info<>> jobs = {job(1, 0, 12), job(2, 2, 4), job(3, 3, 6), job(4, 8, 5)};
    for (const auto first : {tell_first::arrivals, tell_first::stops}) {
        const auto r = simulate(shortest_remaining_time(), jobs, first);
        EXPECT_EQ(r.chart, "P1 0-2, P2 2-6, P3 6-12, P4 12-17, P1 17-27");
        EXPECT_DOUBLE_EQ(r.wait(), 5.5);
        EXPECT_DOUBLE_EQ(r.turnaround(), 12.25);
        EXPECT_DOUBLE_EQ(r.response(), 1.75);
    }
}

TEST(shortest_remaining_time, one_that_needs_as_long_does_not_displace) {
    EXPECT_EQ(simulate(shortest_remaining_time(), {job(1, 0, 6), job(2, 2, 4)}).chart, "P1 0-6, P2 6-10");
}
