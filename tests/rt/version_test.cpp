// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/version.hpp>

#include <gtest/gtest.h>

#include <string>

TEST(version, the_linked_library_has_the_version_of_its_headers) {
    const std::string expected = std::to_string(HEDDLE_VERSION_MAJOR) + "." +
                                 std::to_string(HEDDLE_VERSION_MINOR) + "." +
                                 std::to_string(HEDDLE_VERSION_PATCH);
    EXPECT_EQ(expected, heddle::version());
}
