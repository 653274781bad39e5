// SPDX-License-Identifier: BSL-1.0
// Jobs that do not finish: late ones that are given up, the end of the simulation, and what figures then
// mean.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sched/read.hpp>
#include <sched/report.hpp>
#include "runs.hpp"

using namespace sched_tests;
using heddle::sched::policy_run;
using heddle::sched::read;

namespace {

policy_run outcome_of(const workload& w, const std::string& policy, const simulation_options& options) {
    policy_run r{policy, simulate(w, make_policy(policy), options), {}};
    r.numbers = summarise(w, r.run);
    return r;
}

}  // namespace

TEST(late, a_job_that_is_given_up_has_not_finished) {
    const auto w = read("P1 0 6 period=10\nP2 0 5 period=10\n", "test");
    const auto r = outcome_of(w, "edf", {.drop_late = true, .until = at(20)});
    EXPECT_EQ(r.numbers.all.jobs, 4u);
    EXPECT_EQ(r.numbers.all.finished, 2u);
    EXPECT_EQ(r.numbers.all.dropped, 2u);
    EXPECT_DOUBLE_EQ(r.numbers.throughput, 0.1);
    EXPECT_DOUBLE_EQ(r.numbers.all.turnaround.mean, 6);
    const auto told = explanation(w, r);
    EXPECT_TRUE(contains(told, "at t=10 P2 is given up\n")) << told;
    EXPECT_FALSE(contains(told, "P2 is done")) << told;
    EXPECT_TRUE(contains(table_text(w, {r}), "2 of 4 jobs were given up")) << table_text(w, {r});
    EXPECT_TRUE(contains(report_csv(w, {r}), "edf,P2,0,0,6,,,6,6,4,0,0,10,1\n")) << report_csv(w, {r});
}

TEST(late, a_job_that_waits_for_a_device_is_given_up_too) {
    const auto w = read("P1 0 run 2 wait 20 run 2 deadline=10\n", "test");
    const auto r = outcome_of(w, "fcfs", {.drop_late = true});
    EXPECT_EQ(r.numbers.all.dropped, 1u);
    EXPECT_EQ(r.run.end, at(10));
    EXPECT_EQ(r.run.jobs[0].io, duration(8));
}

TEST(late, and_one_that_waits_for_a_lock) {
    const auto w = read(
        "A 0 run 1 lock m run 9 unlock m priority=1\n"
        "B 2 run 1 lock m run 1 unlock m priority=5 deadline=4\n"
        "C 2 run 1 lock m run 1 unlock m priority=3\n"
        "D 7 2 2\n",
        "test");
    const auto r = outcome_of(w, "priority preemptive", {.inheritance = true, .drop_late = true});
    // With B goes the priority that A had of it; C's is still more than D's.
    EXPECT_EQ(chart(w, r.run), "A 0-2, B 2-3, A 3-6, C 6-7, A 7-12, C 12-13, D 13-15");
    EXPECT_EQ(r.run.jobs[1].blocked, duration(3));
    EXPECT_TRUE(r.run.stuck.empty());
}

TEST(late, one_that_is_given_up_gives_up_its_locks) {
    const auto w = read(
        "A 0 lock m run 9 unlock m deadline=4\n"
        "B 1 lock m run 2 unlock m\n",
        "test");
    const auto r = outcome_of(w, "rr 2", {.drop_late = true});
    EXPECT_EQ(chart(w, r.run), "A 0-4, B 4-6");
}

TEST(late, a_mean_over_no_job_is_not_the_best) {
    const auto w = read("B 0 100\nA 0 5\n", "test");
    std::vector<policy_run> runs;
    for (const char* const p : {"fcfs", "sjf", "rr 1"}) runs.push_back(outcome_of(w, p, {.until = at(20)}));
    const auto text = table_text(w, runs);
    EXPECT_TRUE(contains(text, "fcfs             - ")) << text;
    EXPECT_TRUE(contains(text, "sjf              5*")) << text;
    const auto j = nlohmann::json::parse(report_json(w, runs));
    EXPECT_TRUE(j["policies"][0]["all"]["turnaround"]["mean"].is_null());
    EXPECT_TRUE(j["policies"][0]["fairness"].is_null());
    EXPECT_EQ(j["policies"][0]["best"].dump(), "[\"switches\"]");
}

TEST(late, who_finishes_fewer_jobs_is_not_fast) {
    const auto w = read("A 0 1\nB 0 8\nC 0 9\n", "test");
    std::vector<policy_run> runs;
    for (const char* const p : {"rr 1", "fcfs", "sjf"}) runs.push_back(outcome_of(w, p, {.until = at(10)}));
    // Under round robin only A ends in time, at once.
    EXPECT_EQ(runs[0].numbers.all.finished, 1u);
    const auto best = best_by(heddle::sched::figures().front(), runs);
    EXPECT_FALSE(best[0]);
}

TEST(late, nothing_happens_at_the_very_end) {
    const auto at_end = read("P1 0 3\nP2 5 3\n", "test");
    EXPECT_EQ(chart(at_end, simulate(at_end, make_policy("fcfs"), {.until = at(5)})), "P1 0-3");
    const auto both = read("P1 0 2 period=5\nP2 10 1\n", "test");
    EXPECT_EQ(simulate(both, make_policy("edf"), {.until = at(10)}).jobs.size(), 2u);
    EXPECT_TRUE(simulate(convoy, make_policy("fcfs"), {.until = at(0)}).jobs.empty());
}
