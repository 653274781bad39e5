// SPDX-License-Identifier: BSL-1.0
#include <cli/sched/cliff.hpp>

#include <gtest/gtest.h>
#include <sched/read.hpp>

namespace policy = heddle::policy;
namespace sched = heddle::sched;

namespace {

std::string warning(const char* tasks, const std::string& name) {
    return heddle::cli::cliff_warning(sched::read_text(tasks, "tasks"), name, policy::make_policy(name));
}

}  // namespace

TEST(cliff, a_burst_of_whole_quanta_of_this_policy_is_warned_of) {
    const char* const tasks = "A 0 35ms\nB 0 36ms\nC 0 36ms\n";
    EXPECT_EQ(warning(tasks, "rr:7ms"),
              "warning: under rr:7ms, A runs for a whole number of quanta (35 ms is 5 of 7 ms); on a real "
              "machine a "
              "little more costs a whole round");
    EXPECT_NE(warning(tasks, "rr:9ms").find("B and 1 more run for"), std::string::npos);
    EXPECT_NE(warning(tasks, "round_robin 36ms"), "");
    EXPECT_EQ(warning(tasks, "rr:8ms"), "");
    EXPECT_EQ(warning(tasks, "fcfs"), "");
}

TEST(cliff, linux_has_quanta_for_one_class_only) {
    EXPECT_EQ(warning("A 0 100ms class=fifo priority=5\nB 0 100ms class=fifo priority=5\n", "linux"), "");
    EXPECT_EQ(warning("A 0 28ms\nB 0 28ms\n", "linux"), "");
    EXPECT_NE(warning("A 0 200ms class=rr priority=5\nB 0 50ms class=rr priority=5\n", "linux"), "");
    EXPECT_NE(warning("A 0 200ms class=rr priority=5\nB 0 50ms class=rr priority=5\n", "linux rr=50ms"), "");
}

TEST(cliff, without_others_in_the_queue_there_is_none) {
    EXPECT_EQ(warning("A 0 35ms\n", "rr:7ms"), "");
    EXPECT_EQ(warning("A 0 200ms class=rr priority=5\nB 0 50ms class=rr priority=6\n", "linux"), "");
}

TEST(cliff, a_burst_is_what_is_between_waits) {
    EXPECT_NE(warning("A 0 run 3ms lock m run 4ms unlock m\nB 0 1ms\n", "rr:7ms"), "");
    EXPECT_EQ(warning("A 0 run 3ms wait 1ms run 4ms\nB 0 1ms\n", "rr:7ms"), "");
}

TEST(cliff, numbers_without_a_unit_are_no_real_times) {
    EXPECT_EQ(warning("A 0 35\nB 0 35\n", "rr:7"), "");
}
