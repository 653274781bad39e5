// SPDX-License-Identifier: BSL-1.0
#include <heddle/io/endpoint.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/error.hpp>
#include <string>

using heddle::endpoint;

TEST(endpoint, is_written_as_people_write_it) {
    EXPECT_EQ(to_string(endpoint{"127.0.0.1", 80}), "127.0.0.1:80");
    EXPECT_EQ(to_string(endpoint{"::1", 443}), "[::1]:443");
}

TEST(endpoint, compares_by_address_and_port) {
    EXPECT_EQ((endpoint{"127.0.0.1", 80}), (endpoint{"127.0.0.1", 80}));
    EXPECT_NE((endpoint{"127.0.0.1", 80}), (endpoint{"127.0.0.1", 81}));
}

TEST(resolve, gives_a_numeric_address_back) {
    const auto found = heddle::resolve("127.0.0.1", 7);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front(), (endpoint{"127.0.0.1", 7}));
}

TEST(resolve, names_the_host_it_cannot_find) {
    try {
        heddle::resolve("no such host!", 1);
        ADD_FAILURE();
    } catch (const heddle::error& e) {
        EXPECT_NE(std::string(e.what()).find("no such host!"), std::string::npos);
    }
}
