// SPDX-License-Identifier: BSL-1.0
// Tables with known answers: textbooks, and what follows from the rules. Exact, but for what a fluid would
// do.
#include <heddle/policy/stride.hpp>

#include <gtest/gtest.h>
#include "runs.hpp"

using namespace sched_tests;

namespace {

struct outcome {
    workload work;
    simulation run;
    statistics numbers;

    std::string chart(std::uint32_t cpu = 0, std::int64_t end = 1'000'000'000) const {
        return sched_tests::chart(work, run, cpu, end);
    }
    std::int64_t finish(const std::string& name) const { return finish_of(work, run, name); }
    double waiting() const { return numbers.all.waiting.mean; }
    double turnaround() const { return numbers.all.turnaround.mean; }
    double response() const { return numbers.all.response.mean; }
};

outcome run(workload w, const std::string& policy, const simulation_options& options = {}) {
    outcome o;
    o.run =
        simulate(w, make_policy(policy, {.ties = heddle::policy::tie_break::arrival_then_order}), options);
    o.numbers = summarise(w, o.run);
    o.work = std::move(w);
    return o;
}

}  // namespace

TEST(cases, a_convoy_under_first_come_first_served) {
    const auto o = run(convoy, "fcfs");
    EXPECT_EQ(o.chart(), "P1 0-24, P2 24-27, P3 27-30");
    EXPECT_DOUBLE_EQ(o.waiting(), 17);
    EXPECT_DOUBLE_EQ(o.turnaround(), 27);
    EXPECT_DOUBLE_EQ(o.response(), 17);
}

TEST(cases, the_short_ones_first) {
    for (const char* const policy : {"fcfs", "sjf"}) {
        const auto o = run(tasks({task("P2", 0, 3), task("P3", 0, 3), task("P1", 0, 24)}), policy);
        EXPECT_EQ(o.chart(), "P2 0-3, P3 3-6, P1 6-30");
        EXPECT_DOUBLE_EQ(o.waiting(), 3);
        EXPECT_DOUBLE_EQ(o.turnaround(), 13);
        EXPECT_DOUBLE_EQ(o.response(), 3);
    }
    EXPECT_EQ(run(convoy, "sjf").chart(), "P2 0-3, P3 3-6, P1 6-30");
}

TEST(cases, a_convoy_under_round_robin) {
    const auto four = run(convoy, "rr 4");
    EXPECT_EQ(four.chart(), "P1 0-4, P2 4-7, P3 7-10, P1 10-30");
    EXPECT_DOUBLE_EQ(four.waiting(), 17.0 / 3);
    EXPECT_DOUBLE_EQ(four.turnaround(), 47.0 / 3);
    EXPECT_DOUBLE_EQ(four.response(), 11.0 / 3);
    const auto one = run(convoy, "rr 1");
    EXPECT_EQ(one.finish("P1"), 30);
    EXPECT_EQ(one.finish("P2"), 8);
    EXPECT_EQ(one.finish("P3"), 9);
    EXPECT_DOUBLE_EQ(one.waiting(), 17.0 / 3);
    EXPECT_DOUBLE_EQ(one.turnaround(), 47.0 / 3);
    EXPECT_DOUBLE_EQ(one.response(), 1);
}

TEST(cases, shortest_job_next) {
    const auto w = bursts({{0, 6}, {0, 8}, {0, 7}, {0, 3}});
    const auto o = run(w, "sjf");
    EXPECT_EQ(o.chart(), "P4 0-3, P1 3-9, P3 9-16, P2 16-24");
    EXPECT_DOUBLE_EQ(o.waiting(), 7);
    EXPECT_DOUBLE_EQ(o.turnaround(), 13);
    const auto f = run(w, "fcfs");
    EXPECT_DOUBLE_EQ(f.waiting(), 10.25);
    EXPECT_DOUBLE_EQ(f.turnaround(), 16.25);
}

TEST(cases, shortest_remaining_time_first) {
    const auto o = run(bursts({{0, 12}, {2, 4}, {3, 6}, {8, 5}}), "srtf");
    EXPECT_EQ(o.chart(), "P1 0-2, P2 2-6, P3 6-12, P4 12-17, P1 17-27");
    std::vector<std::int64_t> waits;
    for (const auto& t : o.numbers.tasks) waits.push_back(t.waiting.most.count());
    EXPECT_EQ(waits, (std::vector<std::int64_t>{15, 0, 3, 4}));
    EXPECT_DOUBLE_EQ(o.waiting(), 5.5);
    EXPECT_DOUBLE_EQ(o.turnaround(), 12.25);
    EXPECT_DOUBLE_EQ(o.response(), 1.75);
}

TEST(cases, priority_where_lower_is_higher) {
    const auto o = run(tasks({task("P1", 0, 10, 3), task("P2", 0, 1, 1), task("P3", 0, 2, 4),
                              task("P4", 0, 1, 5), task("P5", 0, 5, 2)}),
                       "priority lower");
    EXPECT_EQ(o.chart(), "P2 0-1, P5 1-6, P1 6-16, P3 16-18, P4 18-19");
    EXPECT_DOUBLE_EQ(o.waiting(), 8.2);
    EXPECT_DOUBLE_EQ(o.turnaround(), 12);
}

TEST(cases, one_table_under_four_policies) {
    const auto w = tasks({task("P1", 0, 2, 2), task("P2", 0, 1, 1), task("P3", 0, 8, 4), task("P4", 0, 4, 2),
                          task("P5", 0, 5, 3)});
    const auto expect = [&](const char* policy, double waiting, double turnaround) {
        const auto o = run(w, policy);
        EXPECT_DOUBLE_EQ(o.waiting(), waiting) << policy;
        EXPECT_DOUBLE_EQ(o.turnaround(), turnaround) << policy;
    };
    expect("fcfs", 6.2, 10.2);
    expect("sjf", 4.6, 8.6);
    expect("priority", 11, 15);
    expect("rr 2", 7.2, 11.2);
    const auto rr = run(w, "rr 2");
    EXPECT_EQ(rr.finish("P1"), 2);
    EXPECT_EQ(rr.finish("P2"), 3);
    EXPECT_EQ(rr.finish("P4"), 13);
    EXPECT_EQ(rr.finish("P5"), 18);
    EXPECT_EQ(rr.finish("P3"), 20);
}

TEST(cases, feedback_queues_let_a_newcomer_pass_a_long_job) {
    const auto o = run(bursts({{0, 180}, {100, 20}}), "mlfq 10");
    EXPECT_EQ(o.numbers.tasks[0].turnaround.most, duration(200));
    EXPECT_EQ(o.numbers.tasks[1].turnaround.most, duration(20));
    EXPECT_EQ(o.numbers.tasks[0].response.most, duration(0));
    EXPECT_EQ(o.numbers.tasks[1].response.most, duration(0));
    EXPECT_EQ(o.chart(), "P1 0-100, P2 100-120, P1 120-200");
}

TEST(cases, feedback_queues_share_among_equals) {
    const auto o = run(bursts({{0, 30}, {0, 30}}), "mlfq 5");
    EXPECT_EQ(o.numbers.tasks[0].turnaround.most, duration(55));
    EXPECT_EQ(o.numbers.tasks[1].turnaround.most, duration(60));
    EXPECT_EQ(o.numbers.tasks[0].response.most, duration(0));
    EXPECT_EQ(o.numbers.tasks[1].response.most, duration(5));
}

TEST(cases, feedback_queues_and_io) {
    auto w = bursts({{0, 50}, {0, 0}});
    w.tasks[1].steps.clear();
    for (int n = 0; n < 5; ++n) {
        if (n > 0) w.tasks[1].steps.push_back({step_kind::wait, duration(10), 0});
        w.tasks[1].steps.push_back({step_kind::compute, duration(10), 0});
    }
    const auto o = run(w, "mlfq 10 stay");
    EXPECT_EQ(o.numbers.tasks[0].turnaround.most, duration(80));
    EXPECT_EQ(o.numbers.tasks[1].turnaround.most, duration(110));
    EXPECT_EQ(o.numbers.tasks[0].response.most, duration(0));
    EXPECT_EQ(o.numbers.tasks[1].response.most, duration(10));
    EXPECT_EQ(o.chart(),
              "P1 0-10, P2 10-20, P1 20-30, P2 30-40, P1 40-60, P2 60-70, P1 70-80, P2 80-90, P2 100-110");
}

TEST(cases, feedback_queues_in_which_who_is_alone_does_not_sink) {
    // Stallings, Operating Systems, table 9.5: FB with q = 1.
    const auto o = run(bursts({{0, 3}, {2, 6}, {4, 4}, {6, 5}, {8, 2}}), "mlfq 1 levels=8 alone_stays");
    EXPECT_EQ(o.finish("P1"), 4);
    EXPECT_EQ(o.finish("P2"), 20);
    EXPECT_EQ(o.finish("P3"), 16);
    EXPECT_EQ(o.finish("P4"), 19);
    EXPECT_EQ(o.finish("P5"), 11);
}

TEST(cases, priorities_with_a_quantum_where_the_displaced_queue_last) {
    // Silberschatz, Operating System Concepts, exercise 5.18.
    const auto w = tasks({task("P1", 0, 20, 40), task("P2", 25, 25, 30), task("P3", 30, 25, 30),
                          task("P4", 60, 15, 35), task("P5", 100, 10, 5), task("P6", 105, 10, 10)});
    const auto o = run(w, "priority preemptive q=10 displaced_last");
    EXPECT_EQ(o.chart(),
              "P1 0-20, P2 25-35, P3 35-45, P2 45-55, P3 55-60, P4 60-75, P2 75-80, P3 80-90, P5 100-105, "
              "P6 105-115, P5 115-120");
    // Otherwise P3 has the rest of its quantum first.
    EXPECT_EQ(run(w, "priority preemptive q=10").finish("P3"), 90);
    EXPECT_EQ(run(w, "priority preemptive q=10").finish("P2"), 85);
}

TEST(cases, stride_gives_each_its_share_in_turn) {
    auto w = tasks({task("A", 0, 1000), task("B", 0, 1000), task("C", 0, 1000)});
    w.tasks[0].weight = 100;
    w.tasks[1].weight = 50;
    w.tasks[2].weight = 250;
    const auto o = run(w, "stride 1 constant=10000", {.until = at(16)});
    EXPECT_EQ(o.chart(), "A 0-1, B 1-2, C 2-5, A 5-6, C 6-8, A 8-9, B 9-10, C 10-13, A 13-14, C 14-16");
}

TEST(cases, rate_monotonic_misses_where_earliest_deadline_first_does_not) {
    const auto w = tasks({periodic("P1", 25, 50), periodic("P2", 35, 80)});
    const auto rm = run(w, "rm", {.until = at(400)});
    EXPECT_EQ(rm.chart(0, 75), "P1 0-25, P2 25-50, P1 50-75");
    const auto missed = std::find_if(rm.run.events.begin(), rm.run.events.end(), [](const auto& e) {
        return e.kind == heddle::sched::event_kind::misses;
    });
    ASSERT_NE(missed, rm.run.events.end());
    EXPECT_EQ(missed->at, at(80));
    EXPECT_EQ(missed->task, 1u);
    EXPECT_EQ(missed->other, 5);
    const auto edf = run(w, "edf", {.until = at(400)});
    EXPECT_EQ(edf.numbers.all.missed, 0u);
    EXPECT_EQ(edf.chart(0, 160),
              "P1 0-25, P2 25-60, P1 60-85, P2 85-100, P1 100-125, P2 125-145, P1 150-175");
}

TEST(cases, caches) {
    auto one = bursts({{0, 30}});
    one.tasks[0].working_set = 200;
    EXPECT_EQ(run(one, "rr 10", {.cache = {.size = 100}}).finish("P1"), 30);
    EXPECT_EQ(run(one, "rr 10", {.cache = {.size = 300}}).finish("P1"), 20);

    auto three = tasks({task("a", 0, 100), task("b", 0, 100), task("c", 0, 100)});
    three.tasks[0].working_set = 100;
    three.tasks[1].working_set = 50;
    three.tasks[2].working_set = 50;
    const auto end = [](const outcome& o) { return o.run.end.time_since_epoch().count(); };
    EXPECT_EQ(end(run(three, "rr 10", {.cpus = 2, .cache = {.size = 100}})), 150);
    EXPECT_EQ(end(run(three, "rr 10",
                      {.cpus = 2,
                       .queue_per_cpu = true,
                       .stealing = true,
                       .steal_every = duration(30),
                       .cache = {.size = 100}})),
              100);
    three.tasks[0].cpus = {0};
    three.tasks[1].cpus = {1};
    three.tasks[2].cpus = {1};
    EXPECT_EQ(end(run(three, "rr 10", {.cpus = 2, .cache = {.size = 100}})), 110);
    EXPECT_EQ(end(run(three, "rr 10", {.cpus = 2, .queue_per_cpu = true, .cache = {.size = 100}})), 110);
}

TEST(cases, shares_by_weight) {
    // In tenths of a millisecond.
    auto w = bursts({{0, 3000}, {0, 3000}, {0, 3000}});
    w.tasks[1].nice = 5;
    w.tasks[2].nice = 10;
    const auto o = run(w, "fair 10");
    EXPECT_NEAR(static_cast<double>(o.finish("P1")), 4304, 43);
    EXPECT_NEAR(static_cast<double>(o.finish("P2")), 6985, 70);
    EXPECT_EQ(o.finish("P3"), 9000);
    const auto equal = run(bursts({{0, 4000}, {0, 2000}, {0, 1000}}), "fair 10");
    EXPECT_NEAR(static_cast<double>(equal.finish("P1")), 7000, 70);
    EXPECT_NEAR(static_cast<double>(equal.finish("P2")), 5000, 50);
    EXPECT_NEAR(static_cast<double>(equal.finish("P3")), 3000, 30);
}

TEST(cases, what_linux_did) {
    const std::int64_t ms = 1'000'000;
    const auto of = [&](std::vector<std::pair<std::int64_t, std::int64_t>> list,
                        heddle::policy::task_class kind) {
        for (auto& [arrival, burst] : list) {
            arrival *= ms;
            burst *= ms;
        }
        auto w = bursts(list);
        for (auto& t : w.tasks) t.kind = kind;
        return w;
    };
    const auto fifo = run(of({{0, 300}, {10, 200}, {20, 100}}, heddle::policy::task_class::fifo), "linux");
    EXPECT_EQ(fifo.finish("P1"), 300 * ms);
    EXPECT_EQ(fifo.finish("P2"), 500 * ms);
    EXPECT_EQ(fifo.finish("P3"), 600 * ms);
    // A burst of a whole number of quanta ends in its last quantum here; on a machine it took 1099 to 1122.
    const auto cliff =
        run(of({{0, 900}, {0, 600}, {0, 300}}, heddle::policy::task_class::round_robin), "linux");
    EXPECT_EQ(cliff.finish("P3"), 900 * ms);
    const auto rr = run(of({{0, 350}, {0, 250}, {0, 150}}, heddle::policy::task_class::round_robin), "linux");
    EXPECT_EQ(rr.finish("P1"), 750 * ms);
    EXPECT_EQ(rr.finish("P2"), 700 * ms);
    EXPECT_EQ(rr.finish("P3"), 550 * ms);
    auto hog = of({{0, 1600}, {0, 200}}, heddle::policy::task_class::fifo);
    hog.tasks[1].kind = heddle::policy::task_class::fair;
    const auto served = run(hog, "linux");
    EXPECT_EQ(served.finish("P1"), 1650 * ms);
    EXPECT_EQ(served.finish("P2"), 1800 * ms);
}
