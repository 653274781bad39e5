// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <cstring>
#include <deque>
#include <heddle/sync/detail/lock_name.hpp>
#include <optional>
#include <string>
#include <thread>

using heddle::detail::lock_name;

TEST(lock_name, is_what_was_given) {
    const lock_name none;
    const lock_name null(nullptr);
    const lock_name a("a");
    const lock_name b("b");
    EXPECT_EQ(none.get(), nullptr);
    EXPECT_EQ(null.get(), nullptr);
    EXPECT_STREQ(a.get(), "a");
    EXPECT_STREQ(b.get(), "b");
}

TEST(lock_name, stays_while_others_come_and_go) {
    std::deque<std::string> texts;
    std::deque<std::optional<lock_name>> names;
    for (int i = 0; i < 1000; ++i) names.emplace_back(texts.emplace_back(std::to_string(i)).c_str());
    for (std::size_t i = 0; i < names.size(); i += 2) names[i].reset();
    for (int i = 1000; i < 1700; ++i) names.emplace_back(texts.emplace_back(std::to_string(i)).c_str());
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!names[i]) continue;
        EXPECT_EQ(names[i]->get(), texts[i]);
    }
}

TEST(lock_name, can_be_given_in_a_child_that_was_forked_while_others_were_being_named) {
    std::atomic<bool> stop{false};
    std::thread namer([&] {
        while (!stop) {
            const std::array<lock_name, 3> names{lock_name("x"), lock_name("y"), lock_name("z")};
        }
    });
    const lock_name before("before");
    for (int i = 0; i < 50; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(60);  // a hang is a failure
            std::deque<lock_name> names;
            for (int k = 0; k < 10; ++k) names.emplace_back(k % 2 == 0 ? "even" : "odd");
            bool right = std::strcmp(before.get(), "before") == 0;
            for (std::size_t k = 0; k < names.size(); ++k)
                right = right && std::strcmp(names[k].get(), k % 2 == 0 ? "even" : "odd") == 0;
            ::_exit(right ? 0 : 1);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    stop = true;
    namer.join();
}
