// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/error.hpp>

#include <gtest/gtest.h>
#include <cerrno>
#include <string>
#include <type_traits>

TEST(error, every_failure_of_heddles_own_is_a_heddle_error) {
    EXPECT_TRUE((std::is_base_of_v<heddle::error, heddle::cancelled>));
    EXPECT_TRUE((std::is_base_of_v<heddle::error, heddle::timeout_error>));
    EXPECT_TRUE((std::is_base_of_v<heddle::error, heddle::invalid_state>));
    EXPECT_TRUE((std::is_base_of_v<heddle::error, heddle::shutdown_error>));
    EXPECT_TRUE((std::is_base_of_v<heddle::error, heddle::broken_pool>));
    EXPECT_TRUE((std::is_base_of_v<heddle::error, heddle::worker_died>));
    EXPECT_TRUE((std::is_base_of_v<heddle::error, heddle::remote_error>));
}

TEST(error, of_a_dead_worker_says_which_and_how) {
    const heddle::worker_died e("worker 12 was killed", 12, 9, 0);
    EXPECT_STREQ(e.what(), "worker 12 was killed");
    EXPECT_EQ(e.pid(), 12);
    EXPECT_EQ(e.signal(), 9);
    EXPECT_EQ(e.exit_code(), 0);
}

TEST(error, from_elsewhere_keeps_type_and_message) {
    const heddle::remote_error e("my::error", "no luck");
    EXPECT_STREQ(e.what(), "my::error: no luck");
    EXPECT_EQ(e.type_name(), "my::error");
    EXPECT_EQ(e.message(), "no luck");
}

TEST(error, of_a_system_call_carries_the_code_and_names_the_operation) {
    try {
        heddle::throw_system_error(ENOENT, "cannot open it");
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
        EXPECT_EQ(std::string(e.what()).find("cannot open it"), 0U);
    }
}
