// SPDX-License-Identifier: BSL-1.0
#include <heddle/policy/round_robin.hpp>

#include <gtest/gtest.h>
#include <stdexcept>
#include "simulate.hpp"

using namespace policy_tests;
using heddle::policy::arrival_at_expiry;
using heddle::policy::round_robin;
using heddle::policy::round_robin_options;

namespace {

round_robin rr(std::int64_t quantum, arrival_at_expiry rule = arrival_at_expiry::before_expired) {
    return round_robin({.quantum = duration(quantum), .at_expiry = rule});
}

const std::vector<task_info<>> convoy = {job(1, 0, 24), job(2, 0, 3), job(3, 0, 3)};

}  // namespace

TEST(round_robin, the_convoy_with_a_quantum_of_four) {
    const auto r = simulate(rr(4), convoy);
    EXPECT_EQ(r.chart, "P1 0-4, P2 4-7, P3 7-10, P1 10-30");
    EXPECT_DOUBLE_EQ(r.wait(), 17.0 / 3);
    EXPECT_DOUBLE_EQ(r.turnaround(), 47.0 / 3);
    EXPECT_DOUBLE_EQ(r.response(), 11.0 / 3);
}

TEST(round_robin, the_convoy_with_a_quantum_of_one) {
    const auto r = simulate(rr(1), convoy);
    EXPECT_EQ(r.tasks.at(1).finish, 30);
    EXPECT_EQ(r.tasks.at(2).finish, 8);
    EXPECT_EQ(r.tasks.at(3).finish, 9);
    EXPECT_DOUBLE_EQ(r.wait(), 17.0 / 3);
    EXPECT_DOUBLE_EQ(r.turnaround(), 47.0 / 3);
    EXPECT_DOUBLE_EQ(r.response(), 1);
}

TEST(round_robin, five_jobs_with_a_quantum_of_two) {
    const auto r = simulate(rr(2), {job(1, 0, 2), job(2, 0, 1), job(3, 0, 8), job(4, 0, 4), job(5, 0, 5)});
    EXPECT_EQ(r.tasks.at(1).finish, 2);
    EXPECT_EQ(r.tasks.at(2).finish, 3);
    EXPECT_EQ(r.tasks.at(4).finish, 13);
    EXPECT_EQ(r.tasks.at(5).finish, 18);
    EXPECT_EQ(r.tasks.at(3).finish, 20);
    EXPECT_DOUBLE_EQ(r.wait(), 7.2);
    EXPECT_DOUBLE_EQ(r.turnaround(), 11.2);
}

TEST(round_robin, a_quantum_longer_than_every_job_is_first_come_first_served) {
    EXPECT_EQ(simulate(rr(100), convoy).chart, "P1 0-24, P2 24-27, P3 27-30");
}

TEST(round_robin, an_arrival_at_the_end_of_a_quantum_queues_before_the_expired_task) {
    EXPECT_EQ(simulate(rr(2), {job(1, 0, 4), job(2, 2, 2)}).chart, "P1 0-2, P2 2-4, P1 4-6");
}

TEST(round_robin, or_after_it_if_told_so) {
    EXPECT_EQ(simulate(rr(2, arrival_at_expiry::after_expired), {job(1, 0, 4), job(2, 2, 2)}).chart,
              "P1 0-4, P2 4-6");
}

TEST(round_robin, the_rule_decides_and_not_the_order_of_the_calls) {
    for (const auto rule : {arrival_at_expiry::before_expired, arrival_at_expiry::after_expired}) {
        const std::vector<task_info<>> jobs = {job(1, 0, 7), job(2, 2, 5), job(3, 4, 4), job(4, 4, 1),
                                               job(5, 8, 3)};
        EXPECT_EQ(simulate(rr(2, rule), jobs, tell_first::arrivals).chart,
                  simulate(rr(2, rule), jobs, tell_first::stops).chart);
    }
}

TEST(round_robin, the_rule_holds_among_others_that_wait) {
    // At 2 the queue is P2, then P3 that arrives, then P1 that has expired; or P2, P1, P3.
    const std::vector<task_info<>> jobs = {job(1, 0, 4), job(2, 1, 2), job(3, 2, 2)};
    EXPECT_EQ(simulate(rr(2), jobs).chart, "P1 0-2, P2 2-4, P3 4-6, P1 6-8");
    EXPECT_EQ(simulate(rr(2, arrival_at_expiry::after_expired), jobs).chart,
              "P1 0-2, P2 2-4, P1 4-6, P3 6-8");
}

TEST(round_robin, the_slice_is_what_is_left_of_the_quantum) {
    auto p = rr(10);
    p.arrive(job(1, 0, 99), at(0));
    ASSERT_EQ(p.pick(at(0)), 1u);
    EXPECT_EQ(p.slice(1, duration(0), at(0)), duration(10));
    EXPECT_EQ(p.slice(1, duration(4), at(4)), duration(6));
    EXPECT_EQ(p.slice(1, duration(12), at(12)), duration(0));
}

TEST(round_robin, one_that_is_interrupted_goes_on_with_the_rest_of_its_quantum) {
    auto p = rr(10);
    p.arrive(job(1, 0, 99), at(0));
    p.arrive(job(2, 0, 99), at(0));
    ASSERT_EQ(p.pick(at(0)), 1u);
    p.ran(1, duration(4), stop_reason::preempted, at(4));
    ASSERT_EQ(p.pick(at(5)), 1u);
    EXPECT_EQ(p.slice(1, duration(0), at(5)), duration(6));
    p.ran(1, duration(6), stop_reason::expired, at(11));
    ASSERT_EQ(p.pick(at(11)), 2u);
}

TEST(round_robin, a_quantum_must_be_positive) {
    EXPECT_THROW(round_robin(duration(0)), std::invalid_argument);
    EXPECT_THROW(round_robin(duration(-1)), std::invalid_argument);
}

TEST(round_robin, the_same_twice) {
    std::vector<task_info<>> jobs;
    for (std::uint64_t i = 0; i < 200; ++i)
        jobs.push_back(
            job(i, static_cast<std::int64_t>(i * 7919 % 100), static_cast<std::int64_t>(1 + i * 31 % 17)));
    const auto once = simulate(rr(3), jobs);
    EXPECT_EQ(once.chart, simulate(rr(3), jobs).chart);
    EXPECT_EQ(once.chart, simulate(rr(3), jobs, tell_first::stops).chart);
}
