// SPDX-License-Identifier: BSL-1.0
#include <heddle/policy/multilevel_feedback.hpp>

#include <gtest/gtest.h>
#include <stdexcept>
#include "simulate.hpp"

using namespace policy_tests;
using heddle::policy::multilevel_feedback;
using heddle::policy::multilevel_feedback_options;

namespace {

multilevel_feedback_options three(std::int64_t quantum) {
    return {.quanta = {duration(quantum), duration(quantum), duration(quantum)}};
}

}  // namespace

TEST(multilevel_feedback, a_long_job_sinks_and_a_short_one_goes_first) {
    const auto r = simulate(multilevel_feedback(three(10)), {job(1, 0, 180), job(2, 100, 20)});
    EXPECT_EQ(r.chart, "P1 0-100, P2 100-120, P1 120-200");
}

TEST(multilevel_feedback, equals_take_turns) {
    const auto r = simulate(multilevel_feedback(three(5)), {job(1, 0, 30), job(2, 0, 30)});
    EXPECT_EQ(r.tasks.at(1).turnaround(), 55);
    EXPECT_EQ(r.tasks.at(2).turnaround(), 60);
    EXPECT_EQ(r.tasks.at(1).response(), 0);
    EXPECT_EQ(r.tasks.at(2).response(), 5);
}

TEST(multilevel_feedback, cpu_time_before_a_wait_counts) {
    multilevel_feedback p(three(10));
    p.arrive(job(1, 0, 99), at(0));
    for (int n = 0; n < 2; ++n) {
        ASSERT_EQ(p.pick(at(20 * n)), 1u);
        EXPECT_EQ(p.level(1), 0);
        p.ran(1, duration(5), stop_reason::blocked, at(20 * n + 5));
        p.arrive(job(1, 20 * n + 20, 99), at(20 * n + 20));
    }
    EXPECT_EQ(p.level(1), 1);
}

TEST(multilevel_feedback, unless_a_wait_keeps_the_level) {
    auto options = three(10);
    options.wait_keeps_level = true;
    multilevel_feedback p(options);
    p.arrive(job(1, 0, 99), at(0));
    for (int n = 0; n < 9; ++n) {
        ASSERT_EQ(p.pick(at(20 * n)), 1u);
        p.ran(1, duration(9), stop_reason::blocked, at(20 * n + 9));
        p.arrive(job(1, 20 * n + 20, 99), at(20 * n + 20));
    }
    EXPECT_EQ(p.level(1), 0);
}

TEST(multilevel_feedback, an_allotment_of_several_quanta_is_used_up_before_it_sinks) {
    auto options = three(5);
    options.allotments = {duration(15), duration(15), duration(15)};
    multilevel_feedback p(options);
    p.arrive(job(1, 0, 99), at(0));
    for (int n = 0; n < 3; ++n) {
        EXPECT_EQ(p.level(1), 0);
        ASSERT_EQ(p.pick(at(5 * n)), 1u);
        EXPECT_EQ(p.slice(1, duration(0), at(5 * n)), duration(5));
        p.ran(1, duration(5), stop_reason::expired, at(5 * n + 5));
    }
    EXPECT_EQ(p.level(1), 1);
}

TEST(multilevel_feedback, without_a_boost_a_stream_of_short_jobs_starves_a_long_one) {
    std::vector<task_info<>> jobs = {job(1, 0, 100)};
    for (std::uint64_t n = 0; n < 50; ++n)
        jobs.push_back(job(2 + n, static_cast<std::int64_t>(30 + 10 * n), 10));
    EXPECT_EQ(simulate(multilevel_feedback(three(10)), jobs).tasks.at(1).finish, 600);
    auto options = three(10);
    options.boost_every = duration(50);
    EXPECT_LT(simulate(multilevel_feedback(options), jobs).tasks.at(1).finish, 600);
}

TEST(multilevel_feedback, a_boost_lifts_everybody) {
    auto options = three(10);
    options.boost_every = duration(100);
    multilevel_feedback p(options);
    p.arrive(job(1, 0, 999), at(0));
    for (int n = 0; n < 10; ++n) {
        ASSERT_EQ(p.pick(at(10 * n)), 1u);
        p.ran(1, duration(10), stop_reason::expired, at(10 * n + 10));
    }
    EXPECT_EQ(p.level(1), 2);
    ASSERT_EQ(p.pick(at(100)), 1u);
    EXPECT_EQ(p.level(1), 0);
    EXPECT_EQ(p.slice(1, duration(0), at(100)), duration(10));
}

TEST(multilevel_feedback, the_slice_ends_with_the_boost) {
    multilevel_feedback p({.quanta = {duration(30)}, .boost_every = duration(50)});
    p.arrive(job(1, 40, 999), at(40));
    ASSERT_EQ(p.pick(at(40)), 1u);
    EXPECT_EQ(p.slice(1, duration(0), at(40)), duration(10));
}

TEST(multilevel_feedback, one_that_waited_through_a_boost_comes_back_on_top) {
    multilevel_feedback p({.quanta = {duration(10), duration(10)}, .boost_every = duration(100)});
    p.arrive(job(1, 0, 999), at(0));
    ASSERT_EQ(p.pick(at(0)), 1u);
    p.ran(1, duration(10), stop_reason::blocked, at(10));
    EXPECT_EQ(p.level(1), 1);
    p.arrive(job(2, 100, 9), at(100));
    ASSERT_EQ(p.pick(at(100)), 2u);
    p.arrive(job(1, 110, 9), at(110));
    EXPECT_EQ(p.level(1), 0);
}

TEST(multilevel_feedback, refuses_levels_that_mean_nothing) {
    EXPECT_THROW(multilevel_feedback({}), std::invalid_argument);
    EXPECT_THROW(multilevel_feedback({.quanta = {duration(0)}}), std::invalid_argument);
    EXPECT_THROW(multilevel_feedback({.quanta = {duration(1)}, .allotments = {duration(1), duration(1)}}),
                 std::invalid_argument);
    EXPECT_THROW(multilevel_feedback({.quanta = {duration(1)}, .boost_every = duration(0)}),
                 std::invalid_argument);
}
