// SPDX-License-Identifier: BSL-1.0
#include <cli/compare/statistics.hpp>

#include <gtest/gtest.h>
#include <vector>

using namespace heddle::cli;

namespace {

TEST(statistics, the_median_of_an_odd_number_is_the_one_in_the_middle) {
    const auto s = summarise({3, 1, 2});
    EXPECT_EQ(s.median, 2);
    EXPECT_EQ(s.min, 1);
    EXPECT_EQ(s.max, 3);
}

TEST(statistics, the_median_of_an_even_number_is_half_way_between_the_two_in_the_middle) {
    EXPECT_EQ(summarise({4, 1, 10, 2}).median, 3);
}

TEST(statistics, one_value_is_its_own_median_and_range) {
    const auto s = summarise({7});
    EXPECT_EQ(s.median, 7);
    EXPECT_EQ(s.min, 7);
    EXPECT_EQ(s.max, 7);
}

TEST(statistics, nothing_gives_zeroes) {
    EXPECT_EQ(summarise({}).median, 0);
    EXPECT_EQ(percentile({}, 50), 0);
}

TEST(statistics, a_percentile_is_a_value_that_occurred) {
    const std::vector<double> values{50, 15, 40, 20, 35};  // the textbook example of the nearest rank
    EXPECT_EQ(percentile(values, 5), 15);
    EXPECT_EQ(percentile(values, 30), 20);
    EXPECT_EQ(percentile(values, 40), 20);
    EXPECT_EQ(percentile(values, 50), 35);
    EXPECT_EQ(percentile(values, 100), 50);
    EXPECT_EQ(percentile(values, 0), 15);
}

TEST(statistics, the_percentiles_of_1_to_100_are_1_to_100) {
    std::vector<double> values;
    for (int i = 100; i >= 1; --i) values.push_back(i);
    for (int p = 1; p <= 100; ++p) EXPECT_EQ(percentile(values, p), p);
}

}  // namespace
