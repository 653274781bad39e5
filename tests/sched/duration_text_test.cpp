// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <policy/duration_text.hpp>

namespace policy = heddle::policy;
using policy::duration_fault;
using policy::duration_from;

namespace {

std::int64_t count(const char* word) {
    const auto d = duration_from(word);
    return d.fault == duration_fault::none ? d.value.count() : -1;
}

}  // namespace

TEST(duration_text, every_digit_counts) {
    EXPECT_EQ(count("9007199254740993"), 9007199254740993);
    EXPECT_EQ(count("2305843009213693952"), 2305843009213693952);
    EXPECT_EQ(count("9007199.254740993s"), 9007199254740993);
    EXPECT_EQ(count("0.000000001s"), 1);
    EXPECT_EQ(count("000010"), 10);
}

TEST(duration_text, units_and_powers_of_ten) {
    EXPECT_EQ(count("1.5ms"), 1'500'000);
    EXPECT_EQ(count("2us"), 2000);
    EXPECT_EQ(count("7ns"), 7);
    EXPECT_EQ(count("2.5e3"), 2500);
    EXPECT_EQ(count("1e-3s"), 1'000'000);
    EXPECT_EQ(count("2e18"), 2'000'000'000'000'000'000);
    EXPECT_EQ(count(".5s"), 500'000'000);
    EXPECT_EQ(count("0e999999"), 0);
    EXPECT_TRUE(duration_from("1ms").has_unit);
    EXPECT_FALSE(duration_from("1").has_unit);
}

TEST(duration_text, what_is_finer_than_a_nanosecond_is_rounded) {
    EXPECT_EQ(count("0.33333333333333333333333ms"), 333'333);
    EXPECT_EQ(count("1.5ns"), 2);
    EXPECT_EQ(count("0.04ns"), 0);
}

TEST(duration_text, what_is_none_is_told_apart) {
    for (const char* const word :
         {"", ".", "ms", "4x", "4 ms", "-4", "+4", "1.2.3", "inf", "nan", "0x10", "4e", "4e99999999999"})
        EXPECT_EQ(duration_from(word).fault, duration_fault::not_a_duration) << word;
    for (const char* const word : {"1.7", "1e-1", "4.0000000000000000000001"})
        EXPECT_EQ(duration_from(word).fault, duration_fault::fraction) << word;
    for (const char* const word :
         {"2305843009213693953", "99999999999999999999999", "1e18ns1", "5e9s", "1e400", "1e999999999"})
        EXPECT_NE(duration_from(word).fault, duration_fault::none) << word;
    EXPECT_EQ(duration_from("5e9s").fault, duration_fault::too_long);
}
