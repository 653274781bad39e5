// SPDX-License-Identifier: BSL-1.0
#include <heddle/policy/fcfs.hpp>
#include <heddle/sched/simulate.hpp>

#include <gtest/gtest.h>
#include <stdexcept>
#include "runs.hpp"

using namespace sched_tests;
using heddle::sched::event_kind;

namespace {

workload inversion() {
    // L has the lock when H comes, and M keeps it from going on.
    workload w;
    w.locks = {"lock"};
    const auto locked = [](std::string name, std::int64_t arrival, std::int64_t before, std::int64_t inside,
                           int priority) {
        task_spec t = task(std::move(name), arrival, before, priority);
        t.steps.push_back({step_kind::lock, {}, 0});
        t.steps.push_back({step_kind::compute, duration(inside), 0});
        t.steps.push_back({step_kind::unlock, {}, 0});
        return t;
    };
    w.tasks = {locked("L", 0, 1, 4, 1), locked("H", 2, 1, 2, 3), task("M", 3, 10, 2)};
    return w;
}

}  // namespace

TEST(simulate, a_task_of_middle_priority_delays_one_of_high_priority) {
    const auto w = inversion();
    const auto s = simulate(w, make_policy("priority preemptive"));
    EXPECT_EQ(chart(w, s), "L 0-2, H 2-3, M 3-13, L 13-16, H 16-18");
}

TEST(simulate, unless_the_owner_inherits) {
    const auto w = inversion();
    const auto s = simulate(w, make_policy("priority preemptive"), {.inheritance = true});
    EXPECT_EQ(chart(w, s), "L 0-2, H 2-3, L 3-6, H 6-8, M 8-18");
    EXPECT_TRUE(std::any_of(s.events.begin(), s.events.end(), [](const auto& e) {
        return e.kind == event_kind::inherits && e.task == 0 && e.other == 3;
    }));
}

TEST(simulate, inheritance_passes_through_a_chain_of_locks) {
    workload w;
    w.locks = {"a", "b"};
    const auto lock = [](std::uint32_t n) { return heddle::sched::step{step_kind::lock, {}, n}; };
    const auto unlock = [](std::uint32_t n) { return heddle::sched::step{step_kind::unlock, {}, n}; };
    const auto compute = [](std::int64_t n) {
        return heddle::sched::step{step_kind::compute, duration(n), 0};
    };
    task_spec low = task("low", 0, 0, 1), mid = task("mid", 1, 0, 2), high = task("high", 3, 0, 9),
              other = task("other", 4, 20, 5);
    low.steps = {lock(0), compute(6), unlock(0)};
    mid.steps = {lock(1), compute(1), lock(0), compute(2), unlock(0), unlock(1)};
    high.steps = {compute(1), lock(1), compute(1), unlock(1)};
    w.tasks = {low, mid, high, other};
    const auto s = simulate(w, make_policy("priority preemptive"), {.inheritance = true});
    EXPECT_EQ(chart(w, s), "low 0-1, mid 1-2, low 2-3, high 3-4, low 4-8, mid 8-10, high 10-11, other 11-31");
}

TEST(simulate, tasks_that_wait_for_each_other_are_named) {
    workload w;
    w.locks = {"a", "b"};
    const auto crossed = [](std::string name, std::uint32_t first, std::uint32_t second) {
        task_spec t = task(std::move(name), 0, 1);
        t.steps = {{step_kind::lock, {}, first},
                   {step_kind::compute, duration(2), 0},
                   {step_kind::lock, {}, second},
                   {step_kind::unlock, {}, second},
                   {step_kind::unlock, {}, first}};
        return t;
    };
    w.tasks = {crossed("P1", 0, 1), crossed("P2", 1, 0)};
    const auto s = simulate(w, make_policy("rr 1"));
    ASSERT_EQ(s.stuck.size(), 2u);
    EXPECT_EQ(s.stuck[0], "P1 waits for b, which P2 has");
    EXPECT_EQ(s.stuck[1], "P2 waits for a, which P1 has");
}

TEST(simulate, a_switch_costs) {
    const auto w = bursts({{0, 4}, {0, 2}});
    const auto s = simulate(w, make_policy("rr 2"), {.switch_cost = duration(1)});
    EXPECT_EQ(chart(w, s), "P1 0-2, P2 3-5, P1 6-8");
    EXPECT_EQ(s.switches, 2u);
    EXPECT_EQ(s.overhead, duration(2));
    EXPECT_EQ(s.busy, duration(6));
}

TEST(simulate, a_task_that_goes_on_alone_does_not_switch) {
    const auto w = bursts({{0, 6}});
    const auto s = simulate(w, make_policy("rr 2"), {.switch_cost = duration(1)});
    EXPECT_EQ(chart(w, s), "P1 0-6");
    EXPECT_EQ(s.switches, 0u);
}

TEST(simulate, nobody_is_interrupted_in_cooperative_mode) {
    auto w = bursts({{0, 6}, {0, 2}});
    simulation_options o;
    o.cooperative = true;
    EXPECT_EQ(chart(w, simulate(w, make_policy("rr 2"), o)), "P1 0-6, P2 6-8");
    w.tasks[0].steps = {{step_kind::compute, duration(3), 0},
                        {step_kind::yield, {}, 0},
                        {step_kind::compute, duration(3), 0}};
    EXPECT_EQ(chart(w, simulate(w, make_policy("rr 2"), o)), "P1 0-3, P2 3-5, P1 5-8");
}

TEST(simulate, a_yield_that_is_the_last_step_ends_the_task) {
    auto w = bursts({{0, 2}, {0, 2}});
    w.tasks[0].steps.push_back({step_kind::yield, {}, 0});
    const auto s = simulate(w, make_policy("fcfs"));
    EXPECT_EQ(chart(w, s), "P1 0-2, P2 2-4");
    EXPECT_EQ(finish_of(w, s, "P1"), 4);
}

TEST(simulate, a_task_without_work_is_done_at_once) {
    auto w = bursts({{3, 0}, {0, 5}});
    const auto s = simulate(w, make_policy("fcfs"));
    EXPECT_EQ(finish_of(w, s, "P1"), 3);
    EXPECT_EQ(chart(w, s), "P2 0-5");
}

TEST(simulate, several_cpus_share_a_queue) {
    const auto w = bursts({{0, 4}, {0, 3}, {0, 2}});
    const auto s = simulate(w, make_policy("fcfs"), {.cpus = 2});
    EXPECT_EQ(chart(w, s, 0), "P1 0-4");
    EXPECT_EQ(chart(w, s, 1), "P2 0-3, P3 3-5");
}

TEST(simulate, an_idle_cpu_steals_if_it_may) {
    const auto w = bursts({{0, 8}, {0, 1}, {0, 8}});
    const simulation_options apart{.cpus = 2, .queue_per_cpu = true};
    EXPECT_EQ(simulate(w, make_policy("fcfs"), apart).end, at(16));
    simulation_options stealing = apart;
    stealing.stealing = true;
    const auto s = simulate(w, make_policy("fcfs"), stealing);
    EXPECT_EQ(chart(w, s, 1), "P2 0-1, P3 1-9");
    stealing.steal_every = duration(5);
    EXPECT_EQ(chart(w, simulate(w, make_policy("fcfs"), stealing), 1), "P2 0-1, P3 5-13");
}

TEST(simulate, a_wide_task_waits_for_all_its_cpus) {
    auto w = bursts({{0, 4}, {1, 2}, {2, 1}});
    w.tasks[1].width = 2;
    const auto s = simulate(w, make_policy("fcfs"), {.cpus = 2});
    EXPECT_EQ(chart(w, s, 0), "P1 0-4, P2 4-6, P3 6-7");
    EXPECT_EQ(chart(w, s, 1), "P2 4-6");
}

TEST(simulate, a_late_job_is_finished_or_dropped) {
    const auto w = tasks({periodic("P1", 6, 10), periodic("P2", 5, 10)});
    const auto late = summarise(w, simulate(w, make_policy("edf"), {.until = at(40)}));
    EXPECT_GT(late.all.missed, 0u);
    const auto s = simulate(w, make_policy("edf"), {.drop_late = true, .until = at(40)});
    EXPECT_EQ(chart(w, s), "P1 0-6, P2 6-10, P1 10-16, P2 16-20, P1 20-26, P2 26-30, P1 30-36, P2 36-40");
    EXPECT_EQ(summarise(w, s).tasks[1].missed, 4u);
}

TEST(simulate, periodic_tasks_end_with_their_common_period) {
    const auto w = tasks({periodic("P1", 1, 4), periodic("P2", 2, 6)});
    EXPECT_EQ(summarise(w, simulate(w, make_policy("rm"))).all.jobs, 5u);
    EXPECT_EQ(simulate(w, make_policy("rm"), {.until = at(24)}).jobs.size(), 10u);
}

TEST(simulate, periodic_tasks_that_do_not_begin_at_once_have_two_common_periods) {
    auto w = tasks({periodic("A", 2, 4), periodic("B", 3, 6)});
    w.tasks[1].arrival = at(1);
    const auto s = simulate(w, make_policy("edf"));
    const auto numbers = summarise(w, s);
    EXPECT_EQ(numbers.all.jobs, 7u + 4u);  // until 25
    EXPECT_EQ(numbers.all.finished, numbers.all.jobs);
    EXPECT_EQ(s.end, at(26));
}

TEST(simulate, what_has_come_by_the_end_of_the_common_period_is_finished) {
    const auto w = tasks({periodic("P1", 25, 50), periodic("P2", 35, 80), task("batch", 0, 100)});
    const auto numbers = summarise(w, simulate(w, make_policy("rm")));
    EXPECT_EQ(numbers.all.jobs, 8u + 5u + 1u);
    EXPECT_EQ(numbers.all.finished, numbers.all.jobs);
}

TEST(simulate, times_that_cannot_be_counted_are_refused) {
    const std::int64_t huge = 4'000'000'000'000'000'000, large = 2'000'000'000'000'000'000;
    const auto refused = [](const workload& w, const simulation_options& o = {}) {
        EXPECT_THROW(simulate(w, make_policy("rr 1000000000000000"), o), std::invalid_argument);
    };
    refused(bursts({{0, huge}}));
    refused(bursts({{huge, 1}}));
    refused(bursts({{0, large}, {0, large}}));
    refused(bursts({{large, large}}));
    auto many = bursts({{0, large}});
    many.tasks[0].steps.resize(10, many.tasks[0].steps[0]);
    refused(many);
    auto late = tasks({periodic("P1", 5, large)});
    late.tasks[0].jobs = 9;
    refused(late);
    late.tasks[0].jobs = 0;
    refused(late);
    refused(bursts({{0, 4}, {0, 4}, {0, 4}}), {.switch_cost = duration(large)});
    // Only what happens before the end counts.
    const auto s = simulate(bursts({{0, large / 2}, {0, large / 2}}), make_policy("rr 1"), {.until = at(10)});
    EXPECT_EQ(s.busy, duration(10));
}

TEST(simulate, what_no_machine_can_run_is_refused) {
    auto wide = bursts({{0, 4}});
    wide.tasks[0].width = 3;
    EXPECT_THROW(simulate(wide, make_policy("fcfs"), {.cpus = 2}), std::invalid_argument);
    EXPECT_THROW(simulate(bursts({{0, 4}}), make_policy("fcfs"), {.cpus = 0}), std::invalid_argument);
    auto pinned = bursts({{0, 4}});
    pinned.tasks[0].cpus = {7};
    EXPECT_THROW(simulate(pinned, make_policy("fcfs"), {.cpus = 2}), std::invalid_argument);
    auto endless = tasks({periodic("P1", 1, 1'000'000'007), periodic("P2", 1, 1'000'000'009)});
    EXPECT_THROW(simulate(endless, make_policy("fcfs")), std::invalid_argument);
    workload unlocks = bursts({{0, 4}});
    unlocks.locks = {"a"};
    unlocks.tasks[0].steps.push_back({step_kind::unlock, {}, 0});
    EXPECT_THROW(simulate(unlocks, make_policy("fcfs")), std::invalid_argument);
}

TEST(simulate, who_has_aged_enough_but_waits_for_another_cpu_displaces_nobody_here) {
    auto w = tasks({task("high", 0, 40, 5), task("low", 0, 10, 1), task("other", 0, 30, 1)});
    w.tasks[0].cpus = w.tasks[1].cpus = {0};
    w.tasks[2].cpus = {1};
    const auto s = simulate(w, make_policy("priority preemptive age=7"), {.cpus = 2});
    EXPECT_EQ(chart(w, s, 1), "other 0-30");
    EXPECT_EQ(s.end, at(50));
}

TEST(simulate, nothing_to_do_is_done_at_once) {
    const auto s = simulate(workload{}, make_policy("fcfs"));
    EXPECT_TRUE(s.jobs.empty());
    EXPECT_EQ(summarise(workload{}, s).all.jobs, 0u);
}

TEST(simulate, a_policy_of_the_user_is_as_good_as_any) {
    const auto w = bursts({{0, 4}, {0, 3}});
    EXPECT_EQ(chart(w, simulate(w, heddle::policy::fcfs())), "P1 0-4, P2 4-7");
}
