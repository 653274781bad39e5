// SPDX-License-Identifier: BSL-1.0
// What a process knows of its threads.
#include <heddle/sync/thread.hpp>

#include <gtest/gtest.h>
#include <unistd.h>
#include <algorithm>
#include <heddle/sync/event.hpp>
#include <thread>
#include <vector>
#include "threads.hpp"

using heddle::event;
using heddle::thread;
using sync_tests::named;
using sync_tests::not_started;

TEST(threads, are_listed_in_the_order_of_their_start_with_main_first) {
    event go;
    const auto wait = [&] { go.wait(); };
    thread a(not_started("a"), wait);
    thread b(named("b"), wait);
    a.start();
    thread c(named("c"), wait);
    std::vector<std::string> names;
    for (const auto& t : heddle::all_threads()) names.push_back(t.name());
    const std::vector<std::string> expected{"main", "b", "a", "c"};
    // Threads of heddle's own may be there from other tests.
    std::vector<std::string> seen;
    for (const auto& n : names)
        if (std::find(expected.begin(), expected.end(), n) != expected.end()) seen.push_back(n);
    EXPECT_EQ(seen, expected);
    EXPECT_EQ(names.size(), heddle::thread_count());
    go.set();
    for (thread* t : {&a, &b, &c}) t->join();
    for (const auto& t : heddle::all_threads()) EXPECT_TRUE(t.name() != "a" && t.name() != "b");
}

TEST(threads, know_main_and_which_is_the_current_one) {
    const auto main = heddle::main_thread();
    EXPECT_EQ(main, heddle::current_thread());
    EXPECT_EQ(main.name(), "main");
    EXPECT_EQ(main.native_id(), ::getpid());
    EXPECT_TRUE(main.alive());
    thread([&] {
        EXPECT_EQ(heddle::main_thread(), main);
        EXPECT_FALSE(heddle::current_thread() == main);
    }).join();
}

TEST(threads, that_heddle_did_not_start_know_themselves_and_are_not_listed) {
    std::thread([] {
        const auto me = heddle::current_thread();
        EXPECT_EQ(me, heddle::current_thread());
        EXPECT_EQ(me.native_id(), ::gettid());
        EXPECT_EQ(me.id(), heddle::rt::current_task().id());
        for (const auto& t : heddle::all_threads()) EXPECT_FALSE(t == me);
    }).join();
}

TEST(threads, have_numbers_that_are_not_used_twice) {
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 20; ++i) {
        thread t([] {});
        t.join();
        ids.push_back(t.id());
    }
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}
