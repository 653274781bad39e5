// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/controlled.hpp>

#include <dlfcn.h>
#include <gtest/gtest.h>

using heddle::rt::choose_below;
using heddle::rt::controlled;

// Under the checker: tests/checked/rt_test.cpp.
TEST(controlled, is_false_in_a_program_that_runs_by_itself) {
    EXPECT_FALSE(controlled());
}

TEST(controlled, chooses_the_first_where_nobody_is_in_charge) {
    for (const std::size_t n : {0u, 1u, 2u, 100u}) EXPECT_EQ(choose_below(n), 0u);
}

TEST(controlled, leaves_no_error_of_the_dynamic_linker_behind) {
    EXPECT_EQ(::dlerror(), nullptr);
}
