// SPDX-License-Identifier: BSL-1.0
#include <heddle/policy/priority.hpp>

#include <gtest/gtest.h>
#include <limits>
#include <stdexcept>
#include "simulate.hpp"

using namespace policy_tests;
using heddle::policy::priority;
using heddle::policy::priority_options;
using heddle::policy::priority_order;
using heddle::policy::tie_break;

namespace {

constexpr auto lower = priority_order::lower_is_higher;
constexpr auto larger = priority_order::larger_is_higher;

const std::vector<task_info<>> five = {job(1, 0, 2, 2), job(2, 0, 1, 1), job(3, 0, 8, 4), job(4, 0, 4, 2),
                                       job(5, 0, 5, 3)};

// A short important job arrives whenever the last one ends, for as long as anybody looks; P1 does not matter
// much.
std::vector<task_info<>> stream_of_important_jobs() {
    std::vector<task_info<>> jobs = {job(1, 0, 5, 1)};
    for (int i = 0; i < 100; ++i) jobs.push_back(job(static_cast<std::uint64_t>(100 + i), i * 10, 10, 5));
    return jobs;
}

}  // namespace

TEST(priority, lower_number_first_without_preemption) {
    const auto r = simulate(priority({.order = lower}), {job(1, 0, 10, 3), job(2, 0, 1, 1), job(3, 0, 2, 4),
                                                         job(4, 0, 1, 5), job(5, 0, 5, 2)});
    EXPECT_EQ(r.chart, "P2 0-1, P5 1-6, P1 6-16, P3 16-18, P4 18-19");
    EXPECT_DOUBLE_EQ(r.wait(), 8.2);
    EXPECT_DOUBLE_EQ(r.turnaround(), 12);
}

TEST(priority, larger_number_first_without_preemption) {
    const auto r = simulate(priority({.order = larger}), five);
    EXPECT_EQ(r.chart, "P3 0-8, P5 8-13, P1 13-15, P4 15-19, P2 19-20");
    EXPECT_DOUBLE_EQ(r.wait(), 11);
    EXPECT_DOUBLE_EQ(r.turnaround(), 15);
}

TEST(priority, a_running_task_goes_on_if_it_is_not_preemptive) {
    EXPECT_EQ(simulate(priority(), {job(1, 0, 10, 1), job(2, 3, 2, 9)}).chart, "P1 0-10, P2 10-12");
}

TEST(priority, a_higher_one_preempts_and_the_preempted_goes_on_before_its_equals) {
    const std::vector<task_info<>> jobs = {job(5, 0, 10, 1), job(2, 3, 2, 9), job(1, 1, 4, 1)};
    for (const auto first : {tell_first::arrivals, tell_first::stops})
        EXPECT_EQ(simulate(priority({.preemptive = true}), jobs, first).chart,
                  "P5 0-3, P2 3-5, P5 5-12, P1 12-16");
}

TEST(priority, an_equal_one_does_not_preempt) {
    EXPECT_EQ(simulate(priority({.preemptive = true}), {job(1, 0, 10, 1), job(2, 3, 2, 1)}).chart,
              "P1 0-10, P2 10-12");
}

TEST(priority, an_arrival_when_a_task_ends_is_considered) {
    const std::vector<task_info<>> jobs = {job(1, 0, 3, 5), job(2, 0, 3, 1), job(3, 3, 3, 2)};
    for (const auto first : {tell_first::arrivals, tell_first::stops})
        EXPECT_EQ(simulate(priority({.preemptive = true}), jobs, first).chart, "P1 0-3, P3 3-6, P2 6-9");
}

TEST(priority, ties_go_by_arrival_then_id_unless_told_otherwise) {
    const std::vector<task_info<>> jobs = {job(9, 0, 4, 1), job(3, 1, 1, 1), job(2, 2, 1, 1),
                                           job(1, 2, 1, 1)};
    EXPECT_EQ(simulate(priority(), jobs).chart, "P9 0-4, P3 4-5, P1 5-6, P2 6-7");
    EXPECT_EQ(simulate(priority({.ties = tie_break::arrival_then_order}), jobs).chart,
              "P9 0-4, P3 4-5, P2 5-6, P1 6-7");
    EXPECT_EQ(simulate(priority({.ties = tie_break::id}), jobs).chart, "P9 0-4, P1 4-5, P2 5-6, P3 6-7");
}

TEST(priority, the_ends_of_the_range_of_priorities_are_in_order) {
    constexpr int least = std::numeric_limits<int>::min();
    constexpr int most = std::numeric_limits<int>::max();
    const std::vector<task_info<>> jobs = {job(1, 0, 1, least), job(2, 0, 1, 0), job(3, 0, 1, most)};
    EXPECT_EQ(simulate(priority(), jobs).chart, "P3 0-1, P2 1-2, P1 2-3");
    EXPECT_EQ(simulate(priority({.order = lower}), jobs).chart, "P1 0-1, P2 1-2, P3 2-3");
    const priority ageing({.preemptive = true, .age_every = std::chrono::hours(24 * 365 * 100)});
    EXPECT_EQ(simulate(ageing, jobs).chart, "P3 0-1, P2 1-2, P1 2-3");
}

TEST(priority, without_ageing_a_stream_of_important_jobs_starves_the_others) {
    EXPECT_EQ(simulate(priority(), stream_of_important_jobs()).tasks.at(1).first_run, 1000);
}

TEST(priority, ageing_prevents_starvation) {
    // Four levels below the others and a level per 20: at 80 it has caught up and has come first.
    const auto r = simulate(priority({.age_every = duration(20)}), stream_of_important_jobs());
    EXPECT_EQ(r.tasks.at(1).first_run, 80);
}

TEST(priority, a_preemptive_ageing_task_displaces_the_running_one_when_it_has_overtaken_it) {
    // P1 waits from 0 at level 1; P2 runs with 3, and is overtaken after three steps of 10. P1 then runs with
    // 4, which P2, waiting from 3, exceeds after two steps. P2 runs with 5, which P1, waiting from 1, exceeds
    // after five, and ends.
    const priority p({.preemptive = true, .age_every = duration(10)});
    EXPECT_EQ(simulate(p, {job(1, 0, 50, 1), job(2, 0, 100, 3)}).chart,
              "P2 0-30, P1 30-50, P2 50-100, P1 100-130, P2 130-150");
}

TEST(priority, ageing_that_begins_during_a_run_counts) {
    // P1 arrives while P2 runs without a limit: the slice must be asked for again.
    const priority p({.preemptive = true, .age_every = duration(10)});
    EXPECT_EQ(simulate(p, {job(2, 0, 100, 2), job(1, 5, 1, 1)}).chart, "P2 0-25, P1 25-26, P2 26-101");
}

TEST(priority, one_that_is_displaced_before_it_has_run_has_waited_all_the_time) {
    for (const int ran : {0, 1}) {
        priority p({.preemptive = true, .age_every = duration(10)});
        p.arrive(job(1, 0, 9, 0), at(0));
        ASSERT_EQ(p.pick(at(29)), 1u);
        p.arrive(job(2, 30, 9, 4), at(30));
        p.ran(1, duration(ran), stop_reason::preempted, at(30));
        EXPECT_EQ(p.pick(at(30)), 2u);
        p.arrive(job(3, 30, 9, 2), at(30));
        EXPECT_EQ(p.pick(at(39)), ran == 0 ? 1u : 3u);  // three steps, or none
    }
}

TEST(priority, one_that_yields_lets_its_equals_go_first_but_not_those_below) {
    priority p;
    p.arrive(job(1, 0, 9, 5), at(0));
    p.arrive(job(2, 1, 9, 5), at(1));
    p.arrive(job(3, 0, 9, 1), at(1));
    ASSERT_EQ(p.pick(at(1)), 1u);
    p.ran(1, duration(1), stop_reason::yielded, at(2));
    EXPECT_EQ(p.pick(at(2)), 2u);
    EXPECT_EQ(p.pick(at(2)), 1u);
    EXPECT_EQ(p.pick(at(2)), 3u);
}

TEST(priority, ageing_cannot_run_backwards) {
    EXPECT_THROW(priority({.age_every = duration(-1)}), std::invalid_argument);
}

TEST(priority, the_same_twice) {
    std::vector<task_info<>> jobs;
    for (std::uint64_t i = 0; i < 200; ++i)
        jobs.push_back(job(i, static_cast<std::int64_t>(i * 7919 % 100),
                           static_cast<std::int64_t>(1 + i * 31 % 17), static_cast<int>(i % 7)));
    for (const auto age : {0, 3}) {
        const priority p({.preemptive = true, .age_every = duration(age)});
        const auto once = simulate(p, jobs);
        EXPECT_EQ(once.chart, simulate(p, jobs).chart);
        EXPECT_EQ(once.chart, simulate(p, jobs, tell_first::stops).chart);
    }
}
