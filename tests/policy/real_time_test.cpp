// SPDX-License-Identifier: BSL-1.0
// The policies for tasks with deadlines, and Linux's classes.
#include <heddle/policy/earliest_deadline_first.hpp>
#include <heddle/policy/linux_classes.hpp>
#include <heddle/policy/rate_monotonic.hpp>

#include <gtest/gtest.h>
#include "simulate.hpp"

using namespace policy_tests;
using heddle::policy::earliest_deadline_first;
using heddle::policy::linux_classes;
using heddle::policy::rate_monotonic;
using heddle::policy::task_class;

namespace {

task_info<> periodic(std::uint64_t id, std::int64_t burst, std::int64_t period, std::int64_t release = 0) {
    auto t = job(id, release, burst);
    t.period = duration(period);
    t.deadline = at(release + period);
    return t;
}

task_info<> of_kind(std::uint64_t id, task_class kind, std::int64_t arrival, std::int64_t burst,
                    int priority = 0) {
    constexpr std::int64_t ms = 1'000'000;
    auto t = job(id, arrival * ms, burst * ms, priority);
    t.kind = kind;
    t.weight = 1024;
    return t;
}

}  // namespace

TEST(earliest_deadline_first, runs_what_is_needed_first_and_displaces) {
    const auto r = simulate(earliest_deadline_first(), {periodic(1, 10, 100), periodic(2, 2, 5, 3)});
    EXPECT_EQ(r.chart, "P1 0-3, P2 3-5, P1 5-12");
    const auto polite = simulate(earliest_deadline_first({.preemptive = false}),
                                 {periodic(1, 10, 100), periodic(2, 2, 5, 3)});
    EXPECT_EQ(polite.chart, "P1 0-10, P2 10-12");
}

TEST(earliest_deadline_first, one_without_a_deadline_is_last) {
    EXPECT_EQ(simulate(earliest_deadline_first(), {job(1, 0, 5), periodic(2, 5, 10)}).chart,
              "P2 0-5, P1 5-10");
}

TEST(earliest_deadline_first, a_deadline_can_change) {
    earliest_deadline_first p;
    p.arrive(periodic(1, 1, 10), at(0));
    p.arrive(periodic(2, 1, 20), at(0));
    p.adjust(periodic(2, 1, 5), at(0));
    EXPECT_EQ(p.pick(at(0)), 2u);
}

TEST(rate_monotonic, the_shortest_period_is_first_whatever_its_deadline) {
    EXPECT_EQ(simulate(rate_monotonic(), {periodic(1, 35, 80), periodic(2, 25, 50, 10)}).chart,
              "P1 0-10, P2 10-35, P1 35-60");
}

TEST(linux_classes, fifo_runs_to_the_end) {
    const auto r = simulate(
        linux_classes(), {of_kind(1, task_class::fifo, 0, 300, 50), of_kind(2, task_class::fifo, 10, 200, 50),
                          of_kind(3, task_class::fifo, 20, 100, 50)});
    EXPECT_EQ(r.tasks.at(1).finish, 300'000'000);
    EXPECT_EQ(r.tasks.at(2).finish, 500'000'000);
    EXPECT_EQ(r.tasks.at(3).finish, 600'000'000);
}

TEST(linux_classes, an_idle_one_has_hardly_any_weight) {
    const auto r = simulate(linux_classes(),
                            {of_kind(1, task_class::idle, 0, 100), of_kind(2, task_class::fair, 0, 100)});
    // 3 of 1027, and a slice of 2.8 ms at the beginning
    EXPECT_LE(r.tasks.at(2).finish, 103'000'000);
}

TEST(linux_classes, round_robin_takes_turns_of_100_ms) {
    const auto r = simulate(linux_classes(), {of_kind(1, task_class::round_robin, 0, 350, 50),
                                              of_kind(2, task_class::round_robin, 0, 250, 50),
                                              of_kind(3, task_class::round_robin, 0, 150, 50)});
    EXPECT_EQ(r.tasks.at(1).finish, 750'000'000);
    EXPECT_EQ(r.tasks.at(2).finish, 700'000'000);
    EXPECT_EQ(r.tasks.at(3).finish, 550'000'000);
}

TEST(linux_classes, the_fair_server_gives_50_ms_of_a_second) {
    const auto r = simulate(
        linux_classes(), {of_kind(1, task_class::fifo, 0, 1600, 50), of_kind(2, task_class::fair, 0, 200)});
    EXPECT_EQ(r.chart,
              "P1 0-950000000, P2 950000000-1000000000, P1 1000000000-1650000000, P2 1650000000-1800000000");
}

TEST(linux_classes, without_a_server_fair_tasks_starve) {
    const auto r =
        simulate(linux_classes({.server_runtime = duration(0)}),
                 {of_kind(1, task_class::fifo, 0, 1600, 50), of_kind(2, task_class::fair, 0, 200)});
    EXPECT_EQ(r.tasks.at(2).first_run, 1'600'000'000);
}

TEST(linux_classes, a_higher_priority_displaces_and_the_displaced_goes_on_first) {
    const auto r = simulate(linux_classes(),
                            {of_kind(1, task_class::fifo, 0, 10, 50), of_kind(2, task_class::fifo, 1, 10, 50),
                             of_kind(3, task_class::fifo, 2, 10, 60)});
    EXPECT_EQ(r.tasks.at(3).finish, 12'000'000);
    EXPECT_EQ(r.tasks.at(1).finish, 20'000'000);
    EXPECT_EQ(r.tasks.at(2).finish, 30'000'000);
}
