// SPDX-License-Identifier: BSL-1.0
#include "task/helper_threads.hpp"

#include <gtest/gtest.h>
#include <atomic>
#include <thread>
#include <vector>
#include "rt/waiting.hpp"

using heddle::detail::helper_threads;
using namespace std::chrono_literals;

namespace {

// So many calls at the same time.
void call_at_once(helper_threads& helpers, std::size_t n) {
    std::atomic<std::size_t> inside{0};
    const auto body = [&] {
        ++inside;
        waiting::until([&] { return inside == n; });
    };
    std::vector<std::thread> callers;
    for (std::size_t i = 0; i < n; ++i) callers.emplace_back([&] { helpers.call(body); });
    for (auto& t : callers) t.join();
}

}  // namespace

TEST(helper_threads, one_is_used_again) {
    helper_threads helpers("helper", 1h);
    std::thread::id first;
    std::thread::id second;
    const auto note_first = [&] { first = std::this_thread::get_id(); };
    const auto note_second = [&] { second = std::this_thread::get_id(); };
    helpers.call(note_first);
    helpers.call(note_second);
    EXPECT_EQ(first, second);
    EXPECT_NE(first, std::this_thread::get_id());
    EXPECT_EQ(helpers.size(), 1U);
}

TEST(helper_threads, those_that_have_nothing_to_do_for_a_while_end) {
    helper_threads helpers("helper", 1ms);
    call_at_once(helpers, 20);
    waiting::until([&] { return helpers.size() == 0; });
    call_at_once(helpers, 2);
    EXPECT_LE(helpers.size(), 2U);
}

TEST(helper_threads, those_that_leave_and_those_that_are_called_do_not_miss_each_other) {
    helper_threads helpers("helper", 0ms);
    std::atomic<int> ran{0};
    const auto body = [&] { ++ran; };
    for (int i = 0; i < 1000; ++i) helpers.call(body);
    EXPECT_EQ(ran, 1000);
}
