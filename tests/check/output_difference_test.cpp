// SPDX-License-Identifier: BSL-1.0
// Two outputs are compared, and the first line that differs is told.
#include <check/explore/output_difference.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

using heddle::check::output_difference;
using testing::HasSubstr;
using testing::Not;

namespace {

TEST(output_difference, there_is_none_between_equal_ones) {
    EXPECT_EQ(output_difference("", ""), "");
    EXPECT_EQ(output_difference("a\nb\n", "a\nb\n"), "");
}

TEST(output_difference, the_first_line_that_differs_is_shown_of_both) {
    EXPECT_EQ(output_difference("one\ntwo\nthree\n", "one\ntoo\nthree!\n"),
              "line 2 of the output is 'too', and was 'two' in the first schedule");
    EXPECT_EQ(output_difference("x", "y"), "line 1 of the output is 'y', and was 'x' in the first schedule");
    EXPECT_EQ(output_difference("a\n", "a!\n"),
              "line 1 of the output is 'a!', and was 'a' in the first schedule");
    EXPECT_EQ(output_difference("a", "a\n"), "line 1 of the output is 'a', and was 'a' in the first schedule")
        << "one of them ends without a newline";
}

TEST(output_difference, one_that_is_longer_is_told) {
    EXPECT_EQ(output_difference("a\nb\n", "a\n"),
              "the output ends before line 2, which was 'b' in the first schedule");
    EXPECT_EQ(output_difference("a\n", "a\nb\n"),
              "the output goes on with line 2, 'b'; in the first schedule it ended before");
    EXPECT_EQ(output_difference("a\n", ""),
              "the output ends before line 1, which was 'a' in the first schedule");
    EXPECT_EQ(output_difference("", "a\n"),
              "the output goes on with line 1, 'a'; in the first schedule it ended before");
}

TEST(output_difference, what_cannot_be_printed_is_not) {
    const std::string text = output_difference("\x1b[1m\n", std::string(1000, 'x') + "\n");
    EXPECT_THAT(text, HasSubstr("'?[1m'"));
    EXPECT_THAT(text, HasSubstr("x…'"));
    EXPECT_LT(text.size(), 200u);
    EXPECT_THAT(text, Not(HasSubstr("\n")));
}

}  // namespace
