// SPDX-License-Identifier: BSL-1.0
#include <cli/compare/result.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cmath>
#include <random>
#include <regex>
#include <string>
#include <vector>
#include "planted.hpp"

using namespace heddle::cli;
using cli_tests::compared;
using cli_tests::ran;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

namespace {

TEST(verdict, nothing_is_said_when_no_model_succeeded) {
    EXPECT_FALSE(judge(compared({}, 0)).has_value());
    model_result failed;
    failed.failures = {"killed"};
    EXPECT_FALSE(judge(compared({failed}, 0)).has_value());
}

TEST(verdict, computing_goes_to_threads_when_they_are_fastest_and_the_cpu_decides) {
    auto threads = ran(model::threads, 0.52, 2);
    threads.cpu = 1.0;
    const auto v = judge(compared({ran(model::sequential, 1.0), ran(model::coroutines, 1.0, 64), threads,
                                   ran(model::processes, 0.60, 2)},
                                  0.98));
    EXPECT_EQ(v->use, model::threads);
    EXPECT_FALSE(v->noise);
    EXPECT_THAT(v->sentence, AllOf(HasSubstr("use threads"), HasSubstr("1.9x"), HasSubstr("98 %"),
                                   HasSubstr("2 threads"), HasSubstr("1.9 of 2 CPUs")));
}

TEST(verdict, computing_goes_to_processes_when_they_are_fastest_and_names_what_was_moved) {
    auto processes = ran(model::processes, 0.5, 4);
    processes.bytes_moved = 23.5e6;
    const auto v =
        judge(compared({ran(model::sequential, 2.0), ran(model::threads, 1.8, 4), processes}, 0.9));
    EXPECT_EQ(v->use, model::processes);
    EXPECT_THAT(v->sentence, AllOf(HasSubstr("4 processes"), HasSubstr("23.5 MB"), HasSubstr("4.0x")));
}

TEST(verdict, waiting_goes_to_coroutines_and_the_items_in_flight_decide) {
    const auto v = judge(compared({ran(model::sequential, 2.0), ran(model::coroutines, 0.05, 64),
                                   ran(model::threads, 0.08, 64), ran(model::processes, 0.3, 64)},
                                  0.01));
    EXPECT_EQ(v->use, model::coroutines);
    EXPECT_THAT(v->sentence, AllOf(HasSubstr("only 1 %"), HasSubstr("in flight: 64")));
}

TEST(verdict, waiting_goes_to_threads_when_they_are_clearly_faster) {
    const auto v = judge(compared({ran(model::sequential, 2.0), ran(model::coroutines, 0.5, 4),
                                   ran(model::threads, 0.05, 64)},
                                  0.01));
    EXPECT_EQ(v->use, model::threads);
    EXPECT_THAT(v->sentence, AllOf(HasSubstr("in flight"), HasSubstr("64 threads")));
}

TEST(verdict, of_models_within_the_spread_the_simplest_wins_and_noise_is_said) {
    const auto v =
        judge(compared({ran(model::processes, 0.50, 0.45, 0.60, 2), ran(model::threads, 0.54, 0.47, 0.70, 2),
                        ran(model::sequential, 1.0)},
                       0.99));
    EXPECT_EQ(v->use, model::threads);
    EXPECT_TRUE(v->noise);
    EXPECT_THAT(v->reasons,
                Contains(AllOf(HasSubstr("noise"), HasSubstr("processes"), Not(HasSubstr("sequential")))));
}

TEST(verdict, a_model_that_is_faster_by_a_few_percent_is_not_worth_the_change) {
    const auto v =
        judge(compared({ran(model::sequential, 1.00, 1.0, 1.0), ran(model::threads, 0.97, 0.97, 0.97, 2)}, 0.9));
    EXPECT_EQ(v->use, model::sequential);
    EXPECT_TRUE(v->noise);
}

TEST(verdict, models_that_only_a_disturbed_machine_makes_equal_are_to_be_compared_again) {
    const auto v =
        judge(compared({ran(model::sequential, 4.0, 2.0, 6.0), ran(model::threads, 1.5, 1.0, 3.0, 2)}, 0.4));
    EXPECT_TRUE(v->noise);
    EXPECT_THAT(v->reasons, Contains(AllOf(HasSubstr("±67 %"), HasSubstr("when it is quiet"))));
    const auto quiet = judge(
        compared({ran(model::sequential, 1.0, 0.9, 1.1), ran(model::threads, 0.98, 0.9, 1.05, 2)}, 0.4));
    EXPECT_TRUE(quiet->noise);
    EXPECT_THAT(quiet->reasons, Not(Contains(HasSubstr("quiet"))));
}

TEST(verdict, a_difference_larger_than_the_spread_is_not_noise) {
    const auto v = judge(
        compared({ran(model::sequential, 1.0, 0.95, 1.05), ran(model::threads, 0.8, 0.75, 0.85, 2)}, 0.9));
    EXPECT_EQ(v->use, model::threads);
    EXPECT_FALSE(v->noise);
}

TEST(verdict, the_order_in_which_models_were_asked_for_does_not_matter) {
    std::vector<model_result> models{ran(model::sequential, 1.0), ran(model::coroutines, 0.98, 64),
                                     ran(model::threads, 0.5, 2), ran(model::processes, 0.51, 2)};
    const auto first = judge(compared(models, 0.9));
    std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.which > b.which; });
    const auto reversed = judge(compared(models, 0.9));
    EXPECT_EQ(first->use, reversed->use);
    EXPECT_EQ(first->sentence, reversed->sentence);
}

TEST(verdict, a_model_that_failed_is_not_considered) {
    model_result failed;
    failed.which = model::threads;
    failed.failures = {"killed"};
    const auto v = judge(compared({ran(model::sequential, 1.0), failed}, 0.9));
    EXPECT_EQ(v->use, model::sequential);
}

TEST(verdict, one_model_alone_is_never_called_noise) {
    for (const model m : all_models) {
        const auto v = judge(compared({ran(m, 1.0, 2)}, 0.5));
        EXPECT_EQ(v->use, m);
        EXPECT_FALSE(v->noise);
        EXPECT_THAT(v->sentence, Not(HasSubstr("fast as")));
    }
}

// What one wide spread must not bring about: that advice against the numbers is given.
TEST(verdict, a_model_that_is_slower_than_sequential_is_never_advised) {
    const auto v = judge(compared({ran(model::sequential, 2.0, 1.9, 2.1), ran(model::coroutines, 5.0, 1.1, 9.0, 64),
                                   ran(model::threads, 1.0, 0.9, 1.2, 2)},
                                  0.9));
    EXPECT_NE(v->use, model::coroutines);
}

// The sentence, read back, against the figures.
TEST(verdict, whatever_the_figures_the_sentence_is_true_of_them) {
    std::mt19937 random(4711);
    std::uniform_real_distribution<double> exponent(-3, 1);
    std::uniform_real_distribution<double> unit(0, 1);
    const std::regex gain(R"(, ([0-9.]+)x as fast as sequential)");
    const std::regex share(R"(([0-9]+) % of the items' time is spent on a CPU)");
    for (int round = 0; round < 5000; ++round) {
        std::vector<model_result> models;
        const bool close_together = unit(random) < 0.5;
        const double about = std::pow(10, exponent(random));
        for (const model m : all_models) {
            if (unit(random) < 0.2) continue;
            const double median = close_together ? about * (0.8 + 0.4 * unit(random)) : std::pow(10, exponent(random));
            const double spread = unit(random) < 0.3 ? 0 : 0.2 * unit(random);
            auto r = ran(m, median, median * (1 - spread * unit(random)), median * (1 + spread * unit(random)),
                         m == model::sequential ? 1 : 7);
            r.cpu = median * 2 * unit(random);
            models.push_back(r);
        }
        const double cpu_share = unit(random);
        const auto c = compared(models, cpu_share);
        const auto v = judge(c);
        ASSERT_EQ(v.has_value(), !models.empty());
        if (!v) continue;
        SCOPED_TRACE(v->sentence);

        const auto* const used = c.find(v->use);
        ASSERT_NE(used, nullptr);
        EXPECT_THAT(v->sentence, HasSubstr(std::string("use ") + name_of(v->use)));
        bool others_as_good = false;
        for (const auto& m : c.models) {
            if (&m == used) continue;
            const bool beaten = m.wall.max < used->wall.min && m.wall.median * 1.05 < used->wall.median;
            EXPECT_FALSE(beaten) << name_of(m.which) << " is clearly faster";
            const bool clearly_slower =
                used->wall.max < m.wall.min && used->wall.median * 1.05 < m.wall.median;
            others_as_good = others_as_good || !clearly_slower;
        }
        if (v->noise) {
            EXPECT_TRUE(others_as_good);
        }

        std::smatch found;
        if (std::regex_search(v->sentence, found, gain)) {
            const double said = std::stod(found[1]);
            EXPECT_NEAR(said, c.find(model::sequential)->wall.median / used->wall.median, 0.0501 * std::max(1.0, said));
            EXPECT_GE(said, 1.0);
        }
        if (std::regex_search(v->sentence, found, share)) {
            EXPECT_NEAR(std::stod(found[1]), cpu_share * 100, 0.51);
        }
        if (v->use == model::threads || v->use == model::processes) {
            EXPECT_THAT(v->sentence, HasSubstr("7 "));
        }
        EXPECT_EQ(v->sentence.find('\n'), std::string::npos);
    }
}

}  // namespace
