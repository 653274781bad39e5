// SPDX-License-Identifier: BSL-1.0
#include <cli/compare/report.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <sstream>
#include <string>
#include <vector>
#include "planted.hpp"

using namespace heddle::cli;
using cli_tests::compared;
using cli_tests::ran;
using testing::HasSubstr;

namespace {

constexpr std::int64_t second = 1'000'000'000;

model_result with_spans(model which, std::vector<span> spans, std::int64_t length = 10 * second) {
    auto m = ran(which, 1e-9 * static_cast<double>(length));
    m.runs[0].began = 100 * second;
    for (auto& s : spans) {
        s.start += m.runs[0].began;
        s.end += m.runs[0].began;
    }
    m.runs[0].spans = std::move(spans);
    return m;
}

// The rows that belong to strands, without the captions.
std::vector<std::string> rows(const comparison& c, unsigned width) {
    std::vector<std::string> all;
    std::istringstream lines(timeline(c, width));
    for (std::string line; std::getline(lines, line);)
        if (line.size() > 1 && line[0] >= 'A' && line[0] <= 'Z' && line[1] == ' ') all.push_back(line);
    return all;
}

TEST(timeline, each_item_is_a_pair_of_brackets_where_it_ran) {
    const auto c = compared({with_spans(model::threads, {{0, 2 * second, 0, 7},
                                                        {5 * second, 10 * second, 0, 7},
                                                        {2 * second, 4 * second, 0, 8}})},
                            1);
    const auto drawn = rows(c, 44);  // 40 columns for 10 seconds
    ASSERT_EQ(drawn.size(), 2U);
    EXPECT_EQ(drawn[0], "A [======]            [==================]");
    EXPECT_EQ(drawn[1], "B         [======]");
}

TEST(timeline, an_item_too_short_for_brackets_is_a_bar) {
    const auto c = compared({with_spans(model::sequential, {{5 * second, 5 * second + 1, 0, 7}})}, 1);
    EXPECT_EQ(rows(c, 44).at(0), "A " + std::string(20, ' ') + "|");
}

TEST(timeline, a_row_is_a_thread_or_a_process_in_the_order_in_which_they_began) {
    const auto m = with_spans(model::processes, {{2, 3, 0, 50}, {0, 1, 0, 90}, {4, 5, 0, 50}});
    const auto strands = strands_of(m);
    ASSERT_EQ(strands.size(), 2U);
    EXPECT_EQ(strands[0].size(), 1U);
    EXPECT_EQ(strands[0][0].who, 90);
    EXPECT_EQ(strands[1].size(), 2U);
    EXPECT_LT(strands[1][0].start, strands[1][1].start);
}

TEST(timeline, coroutines_of_one_thread_are_spread_over_as_many_rows_as_were_in_flight) {
    const auto m = with_spans(model::coroutines, {{0, 4, 0, 7}, {1, 3, 0, 7}, {3, 5, 0, 7}, {4, 6, 0, 7}});
    const auto strands = strands_of(m);
    ASSERT_EQ(strands.size(), 2U);
    for (const auto& strand : strands)
        for (std::size_t i = 1; i < strand.size(); ++i) EXPECT_LE(strand[i - 1].end, strand[i].start);
}

TEST(timeline, whatever_the_spans_every_row_fits_the_width_and_no_item_is_lost) {
    std::mt19937 random(99);
    for (int round = 0; round < 300; ++round) {
        const std::int64_t length = 1 + static_cast<std::int64_t>(random() % 5) * second;
        std::vector<span> spans;
        for (unsigned i = 0; i < 1 + random() % 40; ++i) {
            const auto start = static_cast<std::int64_t>(random()) % length;
            // Some go on until after the end, as clocks that are read one after the other may have it.
            spans.push_back({start, start + static_cast<std::int64_t>(random()) % second, 0,
                             static_cast<std::int32_t>(random() % 5)});
        }
        const auto width = static_cast<unsigned>(random() % 150);
        for (const model which : {model::threads, model::coroutines}) {
            const auto m = with_spans(which, spans, length);
            std::size_t drawn = 0;
            for (const auto& strand : strands_of(m)) drawn += strand.size();
            EXPECT_EQ(drawn, spans.size());
            for (const auto& row : rows(compared({m}, 1), width))
                EXPECT_LE(row.size(), std::max(width, 40U)) << row;
        }
    }
}

TEST(timeline, more_strands_than_letters_are_counted) {
    std::vector<span> spans;
    for (int i = 0; i < 30; ++i) spans.push_back({i, second, 0, i});
    const auto c = compared({with_spans(model::threads, spans)}, 1);
    EXPECT_EQ(rows(c, 80).size(), 26U);
    EXPECT_THAT(timeline(c, 80), HasSubstr("and 4 more"));
}

TEST(timeline, models_that_failed_and_runs_without_items_draw_nothing) {
    model_result failed;
    failed.failures = {"killed"};
    EXPECT_EQ(rows(compared({failed, ran(model::threads, 1.0)}, 1), 80).size(), 0U);
}

}  // namespace
