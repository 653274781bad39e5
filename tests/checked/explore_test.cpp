// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <cassert>
#include <heddle/rt/error.hpp>
#include <heddle/rt/topology.hpp>
#include <mutex>
#include <stdexcept>
#include <string>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;

TEST(explore, finds_a_lost_update_and_shows_it) {
    const check::report r = check::explore([] {
        std::atomic<int> value{0};
        const auto add = [&] {
            const int before = value.load();
            value.store(before + 1);
        };
        at_once({add, add});
        check::require(value == 2, "both were counted");
    });
    ASSERT_TRUE(r.found.has_value());
    EXPECT_FALSE(r.ok());
    EXPECT_EQ(r.found->kind, "requirement");
    EXPECT_EQ(r.found->message, "not as required: both were counted");
    EXPECT_EQ(r.found->preemptions, 1u);
    EXPECT_NE(r.text().find("explore_test.cpp"), std::string::npos) << r;
    EXPECT_NE(r.text().find("const int before = value.load();"), std::string::npos) << r;
    EXPECT_EQ(r.found->json.front(), '{');
}

TEST(explore, finds_a_data_race_with_both_stacks) {
    const check::report r = check::explore([] {
        int value = 0;
        at_once({[&] { ++value; }, [&] { ++value; }});
    });
    ASSERT_TRUE(r.found.has_value());
    EXPECT_EQ(r.found->kind, "data race");
    EXPECT_NE(r.text().find("and at the same time"), std::string::npos) << r;
}

TEST(explore, finds_a_deadlock_and_names_the_cycle) {
    const check::report r = check::explore([] {
        std::mutex a;
        std::mutex b;
        at_once({[&] {
                     const std::lock_guard first(a);
                     const std::lock_guard second(b);
                 },
                 [&] {
                     const std::lock_guard first(b);
                     const std::lock_guard second(a);
                 }});
    });
    ASSERT_TRUE(r.found.has_value());
    EXPECT_EQ(r.found->kind, "deadlock");
    EXPECT_NE(r.text().find("each waits for the next"), std::string::npos) << r;
}

TEST(explore, an_exception_of_the_body_is_a_failure) {
    const check::report r = check::explore([] { throw std::out_of_range("too far"); });
    ASSERT_TRUE(r.found.has_value());
    EXPECT_EQ(r.found->kind, "uncaught exception");
    EXPECT_EQ(r.found->message, "std::out_of_range: too far");
}

TEST(explore, a_thread_that_runs_on_is_a_failure) {
    const check::report r = check::explore([] {
        static std::atomic<int> value{0};
        static std::thread forgotten;
        forgotten = std::thread([] { ++value; });
        ++value;
    });
    ASSERT_TRUE(r.found.has_value());
    EXPECT_EQ(r.found->kind, "threads left running");
}

TEST(explore, runs_all_schedules_of_a_small_body) {
    const check::report r = check::explore(
        [] {
            std::atomic<int> value{0};
            std::thread other([&] { ++value; });
            ++value;
            other.join();
            check::require(value == 2);
        },
        {.how = check::strategy::dfs});
    EXPECT_TRUE(r) << r;
    EXPECT_TRUE(r.complete);
    EXPECT_TRUE(r.exhaustive());
}

TEST(explore, chooses_every_number) {
    const check::report r =
        check::explore([] { check::require(check::choose(5) != 3); }, {.how = check::strategy::dfs});
    ASSERT_TRUE(r.found.has_value());
    EXPECT_EQ(r.found->kind, "requirement");
}

TEST(explore, the_body_sees_as_many_cpus_as_it_is_given) {
    (void)rt::cpu_count();  // not what this says
    EXPECT_TRUE(check::explore([] { check::require(rt::cpu_count() == 7); }, {.cpus = 7}));
    const auto sized = [] { check::require(rt::cpu_count() != 3); };
    EXPECT_FALSE(check::explore(sized, {.schedules = 50, .cpus = {1, 4}}));
    EXPECT_FALSE(check::explore(sized, {.how = check::strategy::dfs, .cpus = {1, 3}}));
    const check::report r = check::explore(sized, {.how = check::strategy::bounded, .cpus = {4, 6}});
    EXPECT_TRUE(r) << r;
    EXPECT_TRUE(r.complete);
}

TEST(explore, who_looks_again_after_a_time_out_keeps_nobody_from_the_end_of_his_wait) {
    // With as few preemptions as can be: then the first thread goes on where it can.
    EXPECT_CORRECT([] {
        const auto nap = [] { rt::sleep_for(std::chrono::milliseconds(10)); };
        std::atomic<bool> slept{false};
        std::atomic<bool> seen{false};
        checked::at_once({[&] {
                              while (!seen) nap();
                          },
                          [&] {
                              while (!slept) nap();
                              seen = true;
                          },
                          [&] {
                              nap();
                              slept = true;
                          }});
    });
}

TEST(explore, drops_what_is_not_assumed) {
    const check::report r = check::explore([] {
        const std::size_t n = check::choose(4);
        check::assume(n != 2);
        check::require(n != 2);
    });
    EXPECT_TRUE(r) << r;
}

TEST(explore, the_body_leaves_nothing_behind) {
    int runs = 0;
    const check::report r = check::explore([&] { ++runs; }, {.schedules = 10});
    EXPECT_TRUE(r) << r;
    EXPECT_EQ(runs, 0);
}

TEST(explore, says_no_to_what_makes_no_sense) {
    EXPECT_THROW((void)check::explore([] {}, {.schedules = 0}), std::invalid_argument);
    EXPECT_THROW((void)check::explore([] {}, {.cpus = 0}), std::invalid_argument);
    EXPECT_THROW((void)check::explore([] {}, {.cpus = {3, 2}}), std::invalid_argument);
    EXPECT_FALSE(check::active());
    EXPECT_THROW(check::assume(true), invalid_state);
    EXPECT_THROW((void)check::choose(2), invalid_state);
    EXPECT_THROW(check::require(false), error);
    EXPECT_NO_THROW(check::require(true));
    const check::report r = check::explore([] {
        check::require(check::active());
        (void)check::explore([] {});
    });
    ASSERT_TRUE(r.found.has_value());
    EXPECT_NE(r.found->message.find("invalid_state"), std::string::npos) << r.found->message;
}

}  // namespace
