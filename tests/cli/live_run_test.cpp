// SPDX-License-Identifier: BSL-1.0
#include <cli/sched/live_run.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <cli/usage_error.hpp>
#include <sched/read.hpp>
#include <string>
#include <vector>

using namespace heddle::cli;
using namespace std::chrono_literals;
namespace policy = heddle::policy;
namespace sched = heddle::sched;

namespace {

sched::simulation predicted(const sched::workload& w, const policy::any_policy& rule, int cpus = 1) {
    sched::simulation_options machine;
    machine.cpus = cpus;
    return sched::simulate(w, rule, machine);
}

// The tasks in the order in which they began, and in which they ended.
std::string orders(const sched::workload& w, const sched::simulation& s) {
    std::string text;
    for (const bool ends : {false, true}) {
        std::vector<const sched::job_result*> jobs;
        for (const auto& j : s.jobs) jobs.push_back(&j);
        std::sort(jobs.begin(), jobs.end(), [&](const auto* a, const auto* b) {
            return ends ? a->finish < b->finish : a->first_run < b->first_run;
        });
        for (const auto* j : jobs) text += w.tasks[j->task].name;
        text += ' ';
    }
    return text;
}

}  // namespace

TEST(live_run, begins_and_ends_tasks_in_the_predicted_order) {
    const auto w = sched::read_text(
        "A 0 6ms priority=1\nB 0 2ms priority=3\nC 0 4ms priority=2\nD 0 1ms priority=2\n", "four");
    for (const char* name : {"fcfs", "sjf", "priority", "priority preemptive", "srtf"}) {
        const auto rule = policy::make_policy(name);
        const auto before = predicted(w, rule);
        EXPECT_EQ(orders(w, run_in_pool(w, before, rule, 1)), orders(w, before)) << name;
    }
}

TEST(live_run, gives_what_happened_in_the_words_of_a_simulation) {
    const auto w = sched::read_text("A 0 run 2ms wait 3ms run 1ms\nB 0 run 1ms\n", "io");
    const auto rule = policy::make_policy("fcfs");
    const auto run = run_in_pool(w, predicted(w, rule), rule, 1);
    ASSERT_EQ(run.jobs.size(), 2u);
    const auto& a = run.jobs[0];
    EXPECT_TRUE(a.finished());
    EXPECT_GE(a.cpu, 3ms);
    EXPECT_GE(a.io, 3ms);
    EXPECT_GE(run.jobs[1].waiting, 2ms);  // for A's first burst
    EXPECT_EQ(a.turnaround(), a.cpu + a.io + a.waiting);
    EXPECT_EQ(run.segments.size(), 3u);
    EXPECT_EQ(run.segments[0].task, 0u);
    EXPECT_EQ(run.segments[1].task, 1u);
    EXPECT_EQ(run.segments[2].task, 0u);
}

TEST(live_run, tasks_take_turns_and_locks) {
    const auto w = sched::read_text(
        "A 0 lock m run 3ms unlock m run 1ms\nB 0 run 1ms lock m run 1ms unlock m\nC 1ms run 2ms yield run "
        "1ms\n",
        "locks");
    for (const char* name : {"rr", "fcfs", "fair", "mlfq:1ms,2ms"}) {
        const auto rule = policy::make_policy(name, {.quantum = 1ms});
        const auto run = run_in_pool(w, predicted(w, rule, 2), rule, 2);
        for (const auto& j : run.jobs) EXPECT_TRUE(j.finished()) << name;
    }
}

TEST(live_run, a_policy_may_count_longer_units) {
    const auto coarse = in_units_of(2ms, policy::make_policy("rr 4"));
    auto p = coarse;
    policy::task_info<> a;
    a.id = 1;
    p.arrive(a, policy::time(0ms));
    EXPECT_EQ(p.pick(policy::time(0ms)), 1u);
    EXPECT_EQ(p.slice(1, 0ms, policy::time(0ms)), 8ms);
    EXPECT_EQ(p.slice(1, 3ms, policy::time(3ms)), 5ms);
    EXPECT_LE(p.slice(1, 8ms, policy::time(8ms)), 0ms);
}

TEST(live_run, refuses_what_only_a_simulation_can) {
    const auto rule = policy::make_policy("fcfs");
    const auto w = sched::read_text("A 0 2ms cpus=0\n", "pinned");
    EXPECT_THROW(run_in_pool(w, predicted(w, rule), rule, 1), usage_error);
}

TEST(live_run, a_deadlock_that_was_not_predicted_ends_and_is_told) {
    const auto w = sched::read_text(
        "A 0 lock a wait 5ms lock b run 1ms unlock b unlock a\nB 0 lock b wait 5ms lock a run 1ms unlock a "
        "unlock b\n",
        "crossed");
    const auto free = sched::read_text("A 0 wait 5ms run 1ms\nB 0 wait 5ms run 1ms\n", "free");
    const auto rule = policy::make_policy("fcfs");
    try {
        run_in_pool(w, predicted(free, rule), rule, 1, sched::time::max(), 50ms);
        FAIL() << "it ended";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string(e.what()).find("for ever, which was not predicted"), std::string::npos)
            << e.what();
    }
}

TEST(live_run, what_has_not_ended_stops_at_the_end) {
    const auto w = sched::read_text(
        "A 0 3600s\nB 0 run 1ms wait 3600s\nC 1ms lock m wait 3600s unlock m\nD 2ms lock m run 1ms unlock m\n",
        "hours");
    const auto rule = policy::make_policy("rr 1ms");
    sched::simulation_options machine;
    machine.until = sched::time(20ms);
    const auto run = run_in_pool(w, sched::simulate(w, rule, machine), rule, 1, machine.until);
    EXPECT_LT(run.end, sched::time(1h));
    for (const auto& j : run.jobs) EXPECT_FALSE(j.finished()) << w.tasks[j.task].name;
    for (const auto& g : run.segments) EXPECT_LE(g.end, machine.until);
}
