// SPDX-License-Identifier: BSL-1.0
// How runs become a model's figures, and figures become text.
#include <cli/compare/figures_text.hpp>
#include <cli/compare/result.hpp>

#include <gtest/gtest.h>
#include "planted.hpp"

using namespace heddle::cli;

namespace {

run_report run_of(double wall_s, double cpu_s) {
    run_report r;
    r.wall_ns = static_cast<std::int64_t>(wall_s * 1e9);
    r.cpu_ns = static_cast<std::int64_t>(cpu_s * 1e9);
    return r;
}

TEST(figures, the_median_and_range_of_the_repetitions_are_taken) {
    comparison c;
    model_result m;
    m.which = model::threads;
    m.runs = {run_of(3, 1), run_of(1, 5), run_of(2, 3)};
    m.runs[0].voluntary = 10;
    m.runs[1].voluntary = 30;
    m.runs[2].voluntary = 20;
    compute_figures(m, c, 100);
    EXPECT_DOUBLE_EQ(m.wall.median, 2);
    EXPECT_DOUBLE_EQ(m.wall.min, 1);
    EXPECT_DOUBLE_EQ(m.wall.max, 3);
    EXPECT_DOUBLE_EQ(m.cpu, 3);
    EXPECT_DOUBLE_EQ(m.voluntary, 20);
    EXPECT_DOUBLE_EQ(m.throughput, 50);
    EXPECT_EQ(m.speed_up, 0) << "nothing to compare with";
}

TEST(figures, the_speed_up_is_over_the_median_of_sequential) {
    comparison c;
    c.models = {cli_tests::ran(model::sequential, 4.0)};
    model_result m;
    m.which = model::processes;
    m.runs = {run_of(2, 1), run_of(1, 1), run_of(5, 1)};
    compute_figures(m, c, 1);
    EXPECT_DOUBLE_EQ(m.speed_up, 2);
}

TEST(figures, memory_is_the_highest_seen_from_inside_or_outside) {
    comparison c;
    model_result m;
    m.runs = {run_of(1, 1), run_of(1, 1)};
    m.runs[0].memory = 5000;
    m.runs[1].memory = 7000;
    m.memory = 6000;  // sampled from outside
    compute_figures(m, c, 1);
    EXPECT_EQ(m.memory, 7000);
    m.memory = 8000;
    compute_figures(m, c, 1);
    EXPECT_EQ(m.memory, 8000);
}

TEST(figures, latencies_are_those_of_all_items_of_all_repetitions) {
    comparison c;
    model_result m;
    m.runs = {run_of(1, 1), run_of(1, 1)};
    for (int i = 1; i <= 50; ++i) {
        m.runs[0].spans.push_back({0, i * 1'000'000, 0, 1});
        m.runs[1].spans.push_back({0, (50 + i) * 1'000'000, 0, 1});
    }
    compute_figures(m, c, 1);
    EXPECT_DOUBLE_EQ(m.p50, 0.050);
    EXPECT_DOUBLE_EQ(m.p95, 0.095);
    EXPECT_DOUBLE_EQ(m.p99, 0.099);
}

TEST(figures, the_share_of_time_on_a_cpu_is_that_of_all_items_together) {
    comparison c;
    model_result m;
    m.runs = {run_of(1, 1)};
    m.runs[0].spans = {{0, 900, 0, 1}, {0, 100, 100, 1}};
    compute_figures(m, c, 1);
    EXPECT_DOUBLE_EQ(m.cpu_share, 0.1);
}

TEST(figures, a_model_without_a_run_is_left_alone) {
    comparison c;
    model_result m;
    compute_figures(m, c, 1);
    EXPECT_EQ(m.throughput, 0);
}

TEST(figures, durations_and_memory_are_written_with_a_unit_that_fits) {
    EXPECT_EQ(duration_text(12.345), "12.35 s");
    EXPECT_EQ(duration_text(0.0123), "12.3 ms");
    EXPECT_EQ(duration_text(4.56e-6), "4.6 us");
    EXPECT_EQ(duration_text(7.8e-9), "7.8 ns");
    EXPECT_EQ(memory_text(812), "812 B");
    EXPECT_EQ(memory_text(4100), "4.1 KB");
    EXPECT_EQ(memory_text(31.94e6), "31.9 MB");
}

}  // namespace
