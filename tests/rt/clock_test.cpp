// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/clock.hpp>

#include <gtest/gtest.h>
#include <time.h>
#include <chrono>
#include <limits>

using namespace std::chrono_literals;
using heddle::rt::clock;
using heddle::rt::deadline;

TEST(clock, never_goes_back) {
    auto last = clock::now();
    for (int i = 0; i < 1000; ++i) {
        const auto now = clock::now();
        EXPECT_GE(now, last);
        last = now;
    }
}

TEST(clock, is_the_monotonic_clock_so_that_processes_agree) {
    timespec t{};
    const auto before = clock::now();
    ASSERT_EQ(::clock_gettime(CLOCK_MONOTONIC, &t), 0);
    const auto after = clock::now();
    const clock::time_point kernel(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
    EXPECT_LE(before, kernel);
    EXPECT_LE(kernel, after);
}

TEST(clock, thread_cpu_time_grows_with_work) {
    const auto before = heddle::rt::thread_cpu_time();
    volatile unsigned sum = 0;
    while (heddle::rt::thread_cpu_time() == before)
        for (unsigned i = 0; i < 1000; ++i) sum = sum + i;
    EXPECT_GT(heddle::rt::thread_cpu_time(), before);
}

TEST(deadline, by_default_is_never) {
    EXPECT_TRUE(deadline().is_never());
    EXPECT_EQ(deadline(), deadline::never());
    EXPECT_FALSE(deadline::never().expired());
}

TEST(deadline, after_a_time_is_that_far_from_now) {
    const auto before = clock::now();
    const deadline d = deadline::after(1h);
    const auto after = clock::now();
    EXPECT_GE(d.when(), before + 1h);
    EXPECT_LE(d.when(), after + 1h);
    EXPECT_FALSE(d.expired());
}

TEST(deadline, after_a_negative_time_is_past) {
    EXPECT_TRUE(deadline::after(-1s).expired());
    EXPECT_TRUE(deadline::after(0s).expired());
    EXPECT_TRUE(deadline::after(std::chrono::hours::min()).expired());
    EXPECT_TRUE(deadline::after(std::chrono::nanoseconds::min()).expired());
}

TEST(deadline, after_a_time_too_long_to_represent_is_never) {
    EXPECT_TRUE(deadline::after(std::chrono::hours::max()).is_never());
    EXPECT_TRUE(deadline::after(std::chrono::nanoseconds::max()).is_never());
    EXPECT_TRUE(deadline::after(std::chrono::duration<double>(1e300)).is_never());
    EXPECT_TRUE(
        deadline::after(std::chrono::duration<double>(std::numeric_limits<double>::infinity())).is_never());
}

TEST(deadline, after_a_fraction_of_a_nanosecond_is_not_past_before_it) {
    const auto before = clock::now();
    const deadline d = deadline::after(std::chrono::duration<double, std::nano>(0.25));
    EXPECT_GT(d.when(), before);
}

TEST(deadline, in_the_far_past_is_past) {
    EXPECT_TRUE(deadline(clock::time_point::min()).expired());
    EXPECT_TRUE(deadline(clock::time_point{}).expired());
}

TEST(deadline, at_a_moment_of_its_own_clock_is_that_moment) {
    const auto when = clock::now() + 5s;
    EXPECT_EQ(deadline::at(when).when(), when);
}

TEST(deadline, at_a_moment_of_another_clock_is_as_far_from_now) {
    EXPECT_TRUE(deadline::at(std::chrono::system_clock::now() - 1s).expired());
    const auto before = clock::now();
    const deadline d = deadline::at(std::chrono::system_clock::now() + 1h);
    EXPECT_GT(d.when(), before + 59min);
    EXPECT_LT(d.when(), clock::now() + 61min);
}

TEST(deadline, is_made_of_a_moment_of_any_clock) {
    const deadline past = std::chrono::steady_clock::now() - 1s;
    const deadline later = std::chrono::system_clock::now() + 1h;
    const deadline coarse = std::chrono::time_point_cast<std::chrono::minutes>(clock::now()) + 1h;
    EXPECT_TRUE(past.expired());
    EXPECT_GT(later, deadline::after(59min));
    EXPECT_GT(coarse, deadline::after(58min));
}

TEST(deadline, at_the_ends_of_another_clock_saturates) {
    EXPECT_TRUE(deadline::at(std::chrono::system_clock::time_point::min()).expired());
    const auto far = deadline::at(std::chrono::system_clock::time_point::max());
    EXPECT_FALSE(far.expired());
}

TEST(deadline, earlier_is_less_and_never_is_the_greatest) {
    EXPECT_LT(deadline::after(1s), deadline::after(1h));
    EXPECT_LT(deadline::after(1h), deadline::never());
}
