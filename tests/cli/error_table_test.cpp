// SPDX-License-Identifier: BSL-1.0
#include <cli/sched/error_table.hpp>

#include <gtest/gtest.h>
#include <heddle/policy/any_policy.hpp>
#include <sched/read.hpp>

using heddle::cli::error_table;
using namespace std::chrono_literals;
namespace sched = heddle::sched;

namespace {

const sched::workload work = sched::read_text("A 0 100ms\nB 0 200ms\n", "two");

sched::simulation run() {
    return sched::simulate(work, heddle::policy::make_policy("fcfs"));
}

}  // namespace

TEST(error_table, an_error_is_a_line_and_small_ones_are_within) {
    auto measured = run();
    measured.jobs[1].finish += 7ms;
    bool within = true;
    const std::string text = error_table(work, measured, run(), within);
    EXPECT_TRUE(within);
    EXPECT_NE(text.find("B                        300.0 ms     307.0 ms    +7.0 ms\n"), std::string::npos)
        << text;
    measured.jobs[0].finish += 9ms;
    error_table(work, measured, run(), within);
    EXPECT_FALSE(within);
}

TEST(error_table, what_only_one_side_has_ended_is_not_within) {
    for (const bool in_measured : {true, false}) {
        auto measured = run(), predicted = run();
        (in_measured ? measured : predicted).jobs[0].finish = sched::time::max();
        bool within = true;
        const std::string text = error_table(work, measured, predicted, within);
        EXPECT_FALSE(within);
        EXPECT_NE(text.find("          -\n"), std::string::npos) << text;
    }
    auto measured = run();
    measured.jobs.pop_back();
    bool within = true;
    error_table(work, measured, run(), within);
    EXPECT_FALSE(within);
}

TEST(error_table, a_prediction_says_nothing_of_what_comes_after_its_end) {
    auto predicted = run();
    predicted.jobs[1].finish = sched::time::max();
    predicted.end = sched::time(150ms);
    bool within = true;
    error_table(work, run(), predicted, within);
    EXPECT_TRUE(within);
}
