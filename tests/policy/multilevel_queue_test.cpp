// SPDX-License-Identifier: BSL-1.0
#include <heddle/policy/fcfs.hpp>
#include <heddle/policy/multilevel_queue.hpp>
#include <heddle/policy/round_robin.hpp>

#include <gtest/gtest.h>
#include <stdexcept>
#include "simulate.hpp"

using namespace policy_tests;
using heddle::policy::fcfs;
using heddle::policy::multilevel_queue;
using heddle::policy::round_robin;

TEST(multilevel_queue, each_level_has_its_own_policy_and_runs_when_those_above_are_empty) {
    const multilevel_queue p({.levels = {{round_robin(duration(2))}, {fcfs()}}});
    const auto r = simulate(p, {job(1, 0, 4, 0), job(2, 0, 4, 0), job(3, 0, 3, 1), job(4, 0, 3, 1)});
    EXPECT_EQ(r.chart, "P1 0-2, P2 2-4, P1 4-6, P2 6-8, P3 8-11, P4 11-14");
}

TEST(multilevel_queue, an_arrival_above_displaces) {
    const std::vector<task_info<>> jobs = {job(1, 0, 6, 1), job(2, 2, 2, 0)};
    EXPECT_EQ(simulate(multilevel_queue({.levels = {{fcfs()}, {fcfs()}}}), jobs).chart,
              "P1 0-2, P2 2-4, P1 4-8");
    EXPECT_EQ(simulate(multilevel_queue({.levels = {{fcfs()}, {fcfs()}}, .preemptive = false}), jobs).chart,
              "P1 0-6, P2 6-8");
}

TEST(multilevel_queue, with_shares_the_levels_take_turns) {
    const multilevel_queue p({.levels = {{round_robin(duration(4)), duration(8)}, {fcfs(), duration(2)}}});
    const auto r = simulate(p, {job(1, 0, 12, 0), job(2, 0, 12, 0), job(3, 0, 4, 1)});
    EXPECT_EQ(r.chart, "P1 0-4, P2 4-8, P3 8-10, P1 10-14, P2 14-18, P3 18-20, P1 20-24, P2 24-28");
}

TEST(multilevel_queue, a_turn_nobody_wants_is_passed_on) {
    const multilevel_queue p({.levels = {{fcfs(), duration(8)}, {fcfs(), duration(2)}}});
    EXPECT_EQ(simulate(p, {job(1, 0, 30, 1)}).chart, "P1 0-30");
}

TEST(multilevel_queue, a_level_that_is_not_there_is_the_nearest) {
    const multilevel_queue p({.levels = {{fcfs()}, {fcfs()}}});
    EXPECT_EQ(simulate(p, {job(1, 0, 2, 99), job(2, 0, 2, -5)}).chart, "P2 0-2, P1 2-4");
}

TEST(multilevel_queue, refuses_shares_for_some_levels_only) {
    EXPECT_THROW(multilevel_queue({}), std::invalid_argument);
    EXPECT_THROW(multilevel_queue({.levels = {{fcfs(), duration(8)}, {fcfs()}}}), std::invalid_argument);
}
