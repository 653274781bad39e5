// SPDX-License-Identifier: BSL-1.0
// Several CPUs: who runs where, who makes way, and that no CPU is idle while there is somebody for it.
#include <gtest/gtest.h>
#include <heddle/policy/fcfs.hpp>
#include <heddle/rt/error.hpp>
#include <sched/read.hpp>
#include "runs.hpp"

using namespace sched_tests;
using heddle::sched::read;

namespace {

std::string charts(const workload& w, const simulation& s) {
    std::string text;
    for (int cpu = 0; cpu < s.cpus; ++cpu)
        text += (cpu == 0 ? "" : " | ") + chart(w, s, static_cast<std::uint32_t>(cpu));
    return text;
}

// Which does not ask for a filter.
struct last_come_first_served {
    using id_type = std::uint64_t;
    bool displaces = false;  // always
    std::vector<id_type> ready{};

    void arrive(const heddle::policy::task_info<>& task, heddle::sched::time) { ready.push_back(task.id); }
    std::optional<id_type> pick(heddle::sched::time) {
        if (ready.empty()) return std::nullopt;
        const id_type id = ready.back();
        ready.pop_back();
        return id;
    }
    duration slice(id_type, duration, heddle::sched::time) const { return heddle::policy::unlimited; }
    bool preempts(id_type, duration, heddle::sched::time) const { return displaces && !ready.empty(); }
    void ran(id_type id, duration, heddle::policy::stop_reason why, heddle::sched::time) {
        if (heddle::policy::still_ready(why)) ready.insert(ready.begin(), id);
    }
    void leave(id_type id, heddle::sched::time) { std::erase(ready, id); }
};

// Ends every slice at once, or before.
struct gives_no_time : last_come_first_served {
    duration gives{};
    duration slice(id_type, duration, heddle::sched::time) const { return gives; }
};

// Takes no filter where it is asked whether somebody makes way, and does not say beforehand that nobody does.
struct counts_questions : heddle::policy::fcfs {
    static inline int asked = 0;

    bool preempts(id_type, duration, heddle::sched::time) const {
        ++asked;
        return false;
    }
};

}  // namespace

TEST(processors, a_policy_is_asked_who_makes_way_unless_it_says_beforehand_that_nobody_does) {
    const auto w = read("a 0 20\nb 0 20\nc 5 5\nd 6 5\n", "test");
    const auto s = simulate(w, counts_questions(), {.cpus = 2});
    EXPECT_EQ(charts(w, s), "a 0-20, c 20-25 | b 0-20, d 20-25");
    EXPECT_GT(counts_questions::asked, 0);
}

TEST(processors, the_least_important_task_makes_way) {
    const auto w = read("a 0 20 5\nb 0 20 1\nc 5 5 9\n", "test");
    const auto s = simulate(w, make_policy("priority preemptive"), {.cpus = 2});
    EXPECT_EQ(charts(w, s), "a 0-20 | b 0-5, c 5-10, b 10-25");
    EXPECT_EQ(s.switches, 2u);
    EXPECT_EQ(s.migrations, 0u);
}

TEST(processors, whoever_needs_longest_makes_way) {
    const auto w = read("a 0 10\nb 0 30\nc 0 20\nd 5 2\n", "test");
    const auto s = simulate(w, make_policy("srtf"), {.cpus = 3});
    EXPECT_EQ(charts(w, s), "a 0-10 | c 0-20 | b 0-5, d 5-7, b 7-32");
}

TEST(processors, one_that_is_bound_displaces_one_that_then_displaces_another) {
    const auto w = read("a 0 20 5\nb 0 20 1\nc 5 5 9 cpus=0\n", "test");
    const auto s = simulate(w, make_policy("priority preemptive"), {.cpus = 2});
    EXPECT_EQ(charts(w, s), "a 0-5, c 5-10, b 10-25 | b 0-5, a 5-20");
}

TEST(processors, one_that_may_run_nowhere_else_displaces_nobody_elsewhere) {
    const auto w = read("a 0 20 5\nb 0 20 1\nc 5 5 9 cpus=0\n", "test");
    const auto s = simulate(w, make_policy("priority preemptive"), {.cpus = 2});
    const auto made_way = std::count_if(s.events.begin(), s.events.end(), [](const auto& e) {
        return e.kind == heddle::sched::event_kind::preempted;
    });
    EXPECT_EQ(made_way, 2);
}

TEST(processors, an_idle_one_does_not_take_from_others_what_they_have_waited_for) {
    std::string text = "low 0 5 1 cpus=0\n";
    for (int n = 0; n < 40; ++n)
        text += "h" + std::to_string(n) + " " + std::to_string(n * 10) + " 10 5 cpus=0\n";
    const auto w = read(text, "test");
    const auto one = simulate(w, make_policy("priority age=7"));
    const auto two = simulate(w, make_policy("priority age=7"), {.cpus = 2});
    EXPECT_EQ(finish_of(w, one, "low"), 35);
    EXPECT_EQ(charts(w, two), charts(w, one) + " | ");
}

TEST(processors, an_idle_one_draws_no_lots) {
    const auto w = read("a 0 20 cpus=0 tickets=100\nb 0 20 cpus=0 tickets=300\n", "test");
    for (const char* const policy : {"lottery 1", "random 2", "fair 2", "stride 1", "mlq levels=lottery/2"}) {
        const auto one = simulate(w, make_policy(policy));
        const auto two = simulate(w, make_policy(policy), {.cpus = 2});
        EXPECT_EQ(charts(w, two), charts(w, one) + " | ") << policy;
    }
}

TEST(processors, a_policy_that_takes_no_filter_is_tried) {
    const auto w = read("a 0 4 cpus=0\nb 0 4 cpus=0\nc 0 4 cpus=1\nd 1 4\n", "test");
    const auto s = simulate(w, last_come_first_served(), {.cpus = 2});
    EXPECT_EQ(charts(w, s), "b 0-4, d 4-8, a 8-12 | c 0-4");
}

TEST(processors, a_policy_that_always_wants_another_task_comes_to_an_end) {
    const auto w = read("a 0 4 cpus=0\nb 0 4 cpus=0\nc 0 4 cpus=1\nd 1 4\n", "test");
    for (const int cpus : {2, 3}) {
        const auto s = simulate(w, last_come_first_served{.displaces = true}, {.cpus = cpus});
        EXPECT_EQ(summarise(w, s).all.finished, 4u);
    }
}

TEST(processors, one_that_steals_passes_over_who_may_not_come) {
    const auto w = read("a 0 10\nb 0 1\nc 0 10 cpus=0\nd 0 1\ne 0 10\n", "test");
    const simulation_options o{.cpus = 2, .queue_per_cpu = true, .stealing = true};
    const auto s = simulate(w, make_policy("fcfs"), o);
    EXPECT_EQ(charts(w, s), "a 0-10, c 10-20 | b 0-1, d 1-2, e 2-12");
}

TEST(processors, one_that_steals_goes_on_to_a_shorter_queue) {
    const auto w = read(
        "a 0 9 cpus=0\nb 0 9 cpus=1\nc 0 1 cpus=2\nd 0 9 cpus=0\ne 0 9 cpus=0\nf 0 3 cpus=1,2\n", "test");
    const simulation_options o{.cpus = 3, .queue_per_cpu = true, .stealing = true};
    const auto s = simulate(w, make_policy("fcfs"), o);
    EXPECT_EQ(charts(w, s), "a 0-9, d 9-18, e 18-27 | b 0-9 | c 0-1, f 1-4");
}

TEST(processors, a_wide_task_has_only_cpus_where_it_may_run) {
    const auto w = read("a 0 4 cpus=2\nw 1 5 width=2 cpus=2,1\nc 2 2\n", "test");
    const auto s = simulate(w, make_policy("fcfs"), {.cpus = 3});
    // c has CPU 0, which is of no use to w.
    EXPECT_EQ(charts(w, s), "c 2-4 | w 4-9 | a 0-4, w 4-9");
    EXPECT_THROW(simulate(read("w 0 5 width=3 cpus=2,1,1\n", "test"), make_policy("fcfs"), {.cpus = 3}),
                 std::invalid_argument);
}

// A wide task that is held for a CPU where b may not run is not begun on one where b would end it at once.
TEST(processors, a_task_that_was_held_makes_way_for_one_that_has_waited_longer) {
    const auto w = read("a 0 18 width=3\nb 2 5 cpus=0,2\nc 2 9 width=3\n", "test");
    const auto s = simulate(w, make_policy("priority preemptive age=7"), {.cpus = 5});
    EXPECT_EQ(charts(w, s),
              "a 0-9, b 9-14, a 18-27 | a 0-9, c 9-18, a 18-27 | a 0-9, c 9-18, a 18-27 | c 9-18 | ");
    simulation_options o{.cpus = 5};
    o.switch_cost = duration(1);
    EXPECT_EQ(summarise(w, simulate(w, make_policy("priority preemptive age=7"), o)).all.finished, 3u);
}

// w waits for a second CPU, makes way for y, and has aged by two at t=20, or z would displace it at t=22.
TEST(processors, a_wide_task_that_makes_way_before_it_begins_goes_on_ageing) {
    const auto w = read("x 0 20 9\nw 0 4 width=2\ny 15 10 3\nz 22 10 1\n", "test");
    const auto s = simulate(w, make_policy("priority preemptive age=10"), {.cpus = 2});
    EXPECT_EQ(charts(w, s), "x 0-20, w 25-29, z 29-39 | y 15-25, w 25-29");
}

TEST(processors, a_policy_that_gives_nobody_time_is_refused) {
    const auto w = read("a 0 4\nb 0 4\n", "test");
    for (const int gives : {0, -3})
        for (const int cost : {0, 2}) {
            gives_no_time policy;
            policy.gives = duration(gives);
            simulation_options o{.cpus = 2};
            o.switch_cost = duration(cost);
            try {
                simulate(w, policy, o);
                ADD_FAILURE() << "accepted";
            } catch (const heddle::invalid_state& e) {
                const std::string text = e.what();
                EXPECT_TRUE(contains(text, "policy ") && contains(text, "gives_no_time: ")) << text;
                EXPECT_TRUE(contains(text, "slices in a row were over before their tasks ran")) << text;
                EXPECT_FALSE(contains(text, "\n")) << text;
            }
        }
}
