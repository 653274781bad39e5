// SPDX-License-Identifier: BSL-1.0
#include <heddle/policy/fcfs.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/error.hpp>
#include <string>
#include "simulate.hpp"

using namespace policy_tests;
using heddle::policy::basic_fcfs;
using heddle::policy::fcfs;
using heddle::policy::tie_break;

TEST(fcfs, a_convoy_waits_behind_the_long_one) {
    const auto r = simulate(fcfs(), {job(1, 0, 24), job(2, 0, 3), job(3, 0, 3)});
    EXPECT_EQ(r.chart, "P1 0-24, P2 24-27, P3 27-30");
    EXPECT_DOUBLE_EQ(r.wait(), 17);
    EXPECT_DOUBLE_EQ(r.turnaround(), 27);
    EXPECT_DOUBLE_EQ(r.response(), 17);
}

TEST(fcfs, short_ones_first_wait_less) {
    const fcfs by_order(tie_break::arrival_then_order);
    const auto r = simulate(by_order, {job(2, 0, 3), job(3, 0, 3), job(1, 0, 24)});
    EXPECT_EQ(r.chart, "P2 0-3, P3 3-6, P1 6-30");
    EXPECT_DOUBLE_EQ(r.wait(), 3);
    EXPECT_DOUBLE_EQ(r.turnaround(), 13);
    EXPECT_DOUBLE_EQ(r.response(), 3);
}

TEST(fcfs, four_jobs_at_once) {
    const auto r = simulate(fcfs(), {job(1, 0, 6), job(2, 0, 8), job(3, 0, 7), job(4, 0, 3)});
    EXPECT_DOUBLE_EQ(r.wait(), 10.25);
    EXPECT_DOUBLE_EQ(r.turnaround(), 16.25);
}

TEST(fcfs, five_jobs_at_once) {
    const auto r = simulate(fcfs(), {job(1, 0, 2), job(2, 0, 1), job(3, 0, 8), job(4, 0, 4), job(5, 0, 5)});
    EXPECT_DOUBLE_EQ(r.wait(), 6.2);
    EXPECT_DOUBLE_EQ(r.turnaround(), 10.2);
}

TEST(fcfs, ties_go_to_the_smaller_id_unless_told_otherwise) {
    EXPECT_EQ(simulate(fcfs(), {job(3, 0, 1), job(1, 0, 1), job(2, 0, 1)}).chart, "P1 0-1, P2 1-2, P3 2-3");
    EXPECT_EQ(simulate(fcfs(tie_break::arrival_then_order), {job(3, 0, 1), job(1, 0, 1), job(2, 0, 1)}).chart,
              "P3 0-1, P1 1-2, P2 2-3");
}

TEST(fcfs, an_idle_gap_stays_idle) {
    const auto r = simulate(fcfs(), {job(1, 0, 2), job(2, 5, 2)});
    EXPECT_EQ(r.chart, "P1 0-2, P2 5-7");
    EXPECT_DOUBLE_EQ(r.wait(), 0);
}

TEST(fcfs, one_that_yields_lets_the_others_go_first) {
    fcfs p;
    p.arrive(job(1, 0, 9), at(0));
    p.arrive(job(2, 1, 9), at(1));
    EXPECT_EQ(p.pick(at(1)), 1u);
    p.ran(1, duration(1), stop_reason::yielded, at(2));
    p.arrive(job(0, 2, 9), at(2));  // comes at the very instant
    EXPECT_EQ(p.pick(at(2)), 2u);
    EXPECT_EQ(p.pick(at(2)), 0u);
    EXPECT_EQ(p.pick(at(2)), 1u);
    EXPECT_EQ(p.pick(at(2)), std::nullopt);
}

TEST(fcfs, one_that_is_interrupted_keeps_its_place) {
    fcfs p;
    p.arrive(job(1, 0, 9), at(0));
    p.arrive(job(2, 1, 9), at(1));
    EXPECT_EQ(p.pick(at(1)), 1u);
    p.ran(1, duration(1), stop_reason::preempted, at(2));
    EXPECT_EQ(p.pick(at(2)), 1u);
}

TEST(fcfs, one_that_blocks_is_not_ready_until_it_arrives_again) {
    fcfs p;
    p.arrive(job(1, 0, 9), at(0));
    EXPECT_EQ(p.pick(at(0)), 1u);
    p.ran(1, duration(1), stop_reason::blocked, at(1));
    EXPECT_EQ(p.pick(at(1)), std::nullopt);
    p.arrive(job(1, 3, 8), at(3));
    EXPECT_EQ(p.pick(at(3)), 1u);
}

TEST(fcfs, one_that_leaves_while_ready_is_not_picked) {
    fcfs p;
    p.arrive(job(1, 0, 9), at(0));
    p.arrive(job(2, 0, 9), at(0));
    p.leave(1, at(0));
    EXPECT_EQ(p.pick(at(0)), 2u);
    EXPECT_EQ(p.pick(at(0)), std::nullopt);
}

TEST(fcfs, a_task_that_was_not_picked_cannot_have_run) {
    fcfs p;
    p.arrive(job(1, 0, 9), at(0));
    EXPECT_THROW(p.ran(1, duration(1), stop_reason::expired, at(1)), heddle::invalid_state);
}

TEST(fcfs, takes_any_id_that_can_be_ordered) {
    static_assert(heddle::policy::scheduling_policy<basic_fcfs<std::string>>);
    basic_fcfs<std::string> p;
    p.arrive({.id = "b", .arrival = at(0)}, at(0));
    p.arrive({.id = "a", .arrival = at(0)}, at(0));
    EXPECT_EQ(p.pick(at(0)), "a");
    EXPECT_EQ(p.pick(at(0)), "b");
}

TEST(fcfs, a_copy_goes_on_by_itself) {
    fcfs p;
    p.arrive(job(1, 0, 9), at(0));
    fcfs what_if = p;
    EXPECT_EQ(what_if.pick(at(0)), 1u);
    EXPECT_EQ(what_if.pick(at(0)), std::nullopt);
    EXPECT_EQ(p.pick(at(0)), 1u);
}
