// SPDX-License-Identifier: BSL-1.0
// When tasks take their locks, and what those who wait for them do to the others.
#include <gtest/gtest.h>
#include <sched/read.hpp>
#include "runs.hpp"

using namespace sched_tests;
using heddle::sched::read;

TEST(locks, are_taken_by_who_has_a_cpu_and_not_by_who_comes) {
    const auto w = read(
        "P1 0 lock a run 2 lock b run 1 unlock b unlock a\n"
        "P2 0 lock b run 2 lock a run 1 unlock a unlock b\n",
        "test");
    const auto s = simulate(w, make_policy("fcfs"));
    EXPECT_TRUE(s.stuck.empty());
    EXPECT_EQ(chart(w, s), "P1 0-3, P2 3-6");
}

TEST(locks, one_of_low_priority_that_has_not_run_blocks_nobody) {
    const auto w = read(
        "H 0 run 5 lock m run 2 unlock m priority=9\n"
        "L 2 lock m run 5 unlock m priority=1\n",
        "test");
    const auto s = simulate(w, make_policy("priority preemptive"));
    EXPECT_EQ(chart(w, s), "H 0-7, L 7-12");
}

TEST(locks, one_that_is_given_a_lock_needs_a_cpu_to_go_on) {
    const auto w = read(
        "A 0 lock m run 2 unlock m\n"
        "B 0 lock m wait 5 unlock m\n"
        "C 1 run 4\n",
        "test");
    const auto s = simulate(w, make_policy("rr 1"));
    // B asks at 1, has it at 3 behind C, and begins to wait when it has had a CPU again.
    EXPECT_EQ(chart(w, s), "A 0-1, C 1-2, A 2-3, C 3-6");
    EXPECT_EQ(finish_of(w, s, "B"), 9);
}

TEST(locks, what_a_task_does_when_its_wait_is_over_takes_a_cpu) {
    const auto w = read(
        "A 0 lock m wait 5 unlock m\n"
        "B 0 run 8\n"
        "C 1 lock m run 1 unlock m\n",
        "test");
    // A's wait is over at 5, and it gives up the lock when B lets it.
    const auto s = simulate(w, make_policy("fcfs"));
    EXPECT_EQ(chart(w, s), "B 0-8, C 8-9");
    EXPECT_EQ(finish_of(w, s, "A"), 8);
}

TEST(locks, who_unlocks_at_once_makes_way_at_once_for_one_that_is_more_urgent) {
    const auto w = read(
        "L 0 lock m wait 3 unlock m run 4 priority=1\n"
        "H 1 lock m run 2 unlock m priority=9\n",
        "test");
    const auto s = simulate(w, make_policy("priority preemptive"));
    EXPECT_EQ(chart(w, s), "H 3-5, L 5-9");
}

TEST(locks, a_switch_is_over_before_the_lock_is_asked_for) {
    const auto w = read(
        "A 0 run 3\n"
        "B 0 lock m run 1 unlock m\n",
        "test");
    const auto s = simulate(w, make_policy("fcfs"), {.switch_cost = duration(2)});
    const auto taken = std::find_if(s.events.begin(), s.events.end(), [](const auto& e) {
        return e.kind == heddle::sched::event_kind::gets_lock;
    });
    ASSERT_NE(taken, s.events.end());
    EXPECT_EQ(taken->at, at(5));
}

TEST(locks, inheritance_lifts_a_task_to_a_higher_level) {
    const auto w = read(
        "L 0 run 1 lock m run 4 unlock m priority=2\n"
        "H 2 run 1 lock m run 2 unlock m priority=0\n"
        "M 3 10 1\n",
        "test");
    EXPECT_EQ(chart(w, simulate(w, make_policy("mlq"))), "L 0-2, H 2-3, M 3-13, L 13-16, H 16-18");
    // Which number is the higher priority the policy knows.
    for (const char* const policy : {"mlq", "priority preemptive lower"}) {
        const auto s = simulate(w, make_policy(policy), {.inheritance = true});
        EXPECT_EQ(chart(w, s), "L 0-2, H 2-3, L 3-6, H 6-8, M 8-18") << policy;
    }
}
