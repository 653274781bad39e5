// SPDX-License-Identifier: BSL-1.0
#include <cli/policy_list.hpp>

#include <gtest/gtest.h>
#include <string>
#include <vector>

using heddle::cli::split_policies;
using list = std::vector<std::string>;

TEST(policy_list, a_number_belongs_to_the_policy_before_it) {
    EXPECT_EQ(split_policies("fcfs,mlfq:10,20,rr:4"), (list{"fcfs", "mlfq:10,20", "rr:4"}));
    EXPECT_EQ(split_policies("rr"), (list{"rr"}));
}

TEST(policy_list, the_levels_of_a_queue_go_on_to_the_next_colon_or_the_end) {
    EXPECT_EQ(split_policies("mlq:levels=rr/4,fcfs:shares=8,2"), (list{"mlq:levels=rr/4,fcfs:shares=8,2"}));
    EXPECT_EQ(split_policies("fcfs,mlq:levels=rr/4,fcfs:shares=8,2,sjf"),
              (list{"fcfs", "mlq:levels=rr/4,fcfs:shares=8,2", "sjf"}));
    EXPECT_EQ(split_policies("mlq:levels=rr/4,fcfs"), (list{"mlq:levels=rr/4,fcfs"}));
    EXPECT_EQ(split_policies("mlq levels=rr/4,fcfs nonpreemptive,sjf"),
              (list{"mlq levels=rr/4,fcfs nonpreemptive", "sjf"}));
}
