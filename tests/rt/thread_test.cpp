// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/thread.hpp>

#include <gtest/gtest.h>
#include <pthread.h>
#include <array>
#include <atomic>
#include <memory>
#include <system_error>

using heddle::rt::os_thread;

TEST(os_thread, runs_its_function_under_its_name_cut_to_what_the_kernel_keeps) {
    std::array<char, 32> name{};
    os_thread t("a-name-that-is-too-long",
                [&] { ::pthread_getname_np(::pthread_self(), name.data(), name.size()); });
    t.join();
    EXPECT_STREQ(name.data(), "a-name-that-is-");
}

TEST(os_thread, is_joined_at_the_end_of_its_scope) {
    std::atomic<bool> ran{false};
    {
        os_thread t("t", [&] { ran = true; });
    }
    EXPECT_TRUE(ran);
}

TEST(os_thread, TH01_without_a_thread_cannot_be_joined) {
    os_thread none;
    EXPECT_FALSE(none.joinable());
    EXPECT_THROW(none.join(), std::system_error);
}

TEST(os_thread, takes_a_function_that_can_only_be_moved) {
    auto value = std::make_unique<int>(5);
    int seen = 0;
    os_thread t("t", [&seen, v = std::move(value)] { seen = *v; });
    t.join();
    EXPECT_EQ(seen, 5);
}

TEST(os_thread, joins_what_it_had_when_another_is_moved_into_it) {
    std::atomic<int> ended{0};
    os_thread a("a", [&] { ended.fetch_add(1); });
    a = os_thread("b", [&] { ended.fetch_add(10); });
    EXPECT_GE(ended.load() % 10, 1);
    a.join();
    EXPECT_EQ(ended, 11);
}
