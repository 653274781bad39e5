// SPDX-License-Identifier: BSL-1.0
// Which orders the n-th schedule gets.
#include <check/explore/plan.hpp>

#include <gtest/gtest.h>
#include <map>
#include <string>

using namespace heddle::check;

namespace {

TEST(plan, the_same_options_give_the_same_orders) {
    const search_options o;
    for (std::uint64_t n = 1; n < 100; ++n) {
        const orders a = plan(o, n, true, 50);
        const orders b = plan(o, n, true, 50);
        EXPECT_EQ(a.seed, b.seed);
        EXPECT_EQ(a.how, b.how);
        EXPECT_EQ(a.flags, b.flags);
        EXPECT_NE(a.seed, plan(o, n + 1, true, 50).seed);
    }
}

TEST(plan, the_first_schedule_is_the_plainest) {
    EXPECT_EQ(plan({}, 1, false, 0).how, strategy_kind::first);
}

TEST(plan, a_policy_has_one_schedule_in_which_nobody_stands_back) {
    search_options o;
    o.mode = search_mode::policy;
    o.policies = {"rr", "priority nonpreemptive"};
    o.quantum = 7;
    const orders first = plan(o, 1, false, 0);
    EXPECT_EQ(first.how, strategy_kind::policy);
    EXPECT_STREQ(first.policy, "rr");
    EXPECT_EQ(first.quantum_ns, 7 * first.step_ns);
    EXPECT_NE(first.flags & order_keep_going, 0u);
    EXPECT_NE(first.flags & order_late_timeouts, 0u);
    EXPECT_EQ(first.flags & order_inversion, 0u);
    EXPECT_EQ(describe(first), "policy rr");
    const orders second = plan(o, 2, false, 0);
    EXPECT_STREQ(second.policy, "priority nonpreemptive");
    EXPECT_NE(second.flags & order_inversion, 0u);
    EXPECT_EQ(describe(second), "policy priority nonpreemptive");
}

TEST(plan, each_strategy_meets_every_number_of_cpus) {
    search_options o;
    EXPECT_EQ(plan(o, 3, false, 0).workers, 2u);
    EXPECT_EQ(describe(plan(o, 3, false, 0), o.cpus).find("CPU"), std::string::npos) << "there is only one";
    for (const unsigned most : {1u, 2u, 3u, 6u, 7u, 12u}) {
        o.cpus = {1, most};
        std::map<strategy_kind, std::map<unsigned, int>> times;
        for (std::uint64_t n = 2; n <= 2000; ++n) {
            const orders asked = plan(o, n, false, 0);
            ++times[asked.how][asked.workers];
        }
        for (const auto& [how, numbers] : times) {
            EXPECT_EQ(numbers.size(), most);
            EXPECT_EQ(numbers.begin()->first, 1u);
            EXPECT_EQ(numbers.rbegin()->first, most);
        }
    }
    o.cpus = {3, 4};
    orders asked = plan(o, 2, false, 0);
    asked.workers = 3;
    EXPECT_TRUE(describe(asked, o.cpus).ends_with(", 3 CPUs"));
}

TEST(plan, a_policy_has_one_schedule_for_each_number_of_cpus) {
    search_options o;
    o.mode = search_mode::policy;
    o.policies = {"rr", "fcfs"};
    o.cpus = {1, 2};
    std::string all;
    for (std::uint64_t n = 1; n <= 4; ++n) all += describe(plan(o, n, false, 0), o.cpus) + "; ";
    EXPECT_EQ(all, "policy rr, 1 CPU; policy fcfs, 1 CPU; policy rr, 2 CPUs; policy fcfs, 2 CPUs; ");
}

TEST(plan, with_jitter_nothing_is_controlled_and_each_run_has_a_seed) {
    search_options o;
    o.mode = search_mode::jitter;
    const orders a = plan(o, 1, false, 0);
    EXPECT_NE(a.flags & order_jitter, 0u);
    EXPECT_EQ(describe(a), "jitter, seed " + std::to_string(a.seed));
    EXPECT_NE(a.seed, plan(o, 2, false, 0).seed);
}

TEST(plan, what_the_program_prints_is_compared_only_if_asked_for) {
    search_options o;
    EXPECT_EQ(plan(o, 3, false, 0).flags & (order_capture | order_any_status), 0u);
    o.expect_same_output = true;
    o.any_status = true;
    EXPECT_EQ(plan(o, 3, false, 0).flags & (order_capture | order_any_status),
              static_cast<std::uint32_t>(order_capture | order_any_status));
}

TEST(plan, memory_is_a_point_only_where_the_program_is_instrumented) {
    EXPECT_EQ(plan({}, 9, false, 0).flags & order_memory_points, 0u);
    EXPECT_NE(plan({}, 9, true, 0).flags & order_hot_only, 0u) << "and of it what threads conflict on";
    EXPECT_EQ(plan({}, all_points_every, true, 0).flags & order_hot_only, 0u) << "but for all now and then";
}

}  // namespace
