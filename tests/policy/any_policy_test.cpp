// SPDX-License-Identifier: BSL-1.0
// What holds of every policy, and how they are named.
#include <heddle/policy/any_policy.hpp>
#include <heddle/policy/fcfs.hpp>
#include <heddle/policy/round_robin.hpp>
#include <heddle/rt/error.hpp>

#include <gtest/gtest.h>
#include <stdexcept>
#include "simulate.hpp"

using namespace policy_tests;
using heddle::policy::any_policy;
using heddle::policy::make_policy;
using heddle::policy::policy_names;

namespace {

class every_policy : public testing::TestWithParam<std::string> {
 protected:
    any_policy made() const { return make_policy(GetParam()); }
};

std::vector<task_info<>> many() {
    std::vector<task_info<>> jobs;
    for (std::uint64_t i = 0; i < 150; ++i) {
        jobs.push_back(job(i, static_cast<std::int64_t>(i * 7919 % 300),
                           static_cast<std::int64_t>(1 + i * 31 % 17), static_cast<int>(i % 3)));
        jobs.back().weight = static_cast<std::uint32_t>(1 + i % 5);
        jobs.back().deadline = jobs.back().arrival + duration(50 + static_cast<std::int64_t>(i % 70));
        jobs.back().period = duration(10 + static_cast<std::int64_t>(i % 9));
        jobs.back().kind = static_cast<heddle::policy::task_class>(i % 3);
    }
    return jobs;
}

}  // namespace

TEST_P(every_policy, does_the_same_twice_and_whatever_is_told_first) {
    const auto once = simulate(made(), many());
    EXPECT_EQ(once.chart, simulate(made(), many()).chart);
    EXPECT_EQ(once.chart, simulate(made(), many(), tell_first::stops).chart);
}

TEST_P(every_policy, keeps_the_cpu_busy_and_finishes_everybody) {
    std::int64_t work = 0;
    const auto r = simulate(made(), many());
    std::int64_t last = 0;
    for (const auto& [id, o] : r.tasks) {
        EXPECT_GE(o.wait(), 0);
        work += o.burst;
        last = std::max(last, o.finish);
    }
    EXPECT_GE(last, work);
    EXPECT_LE(last, work + 300);
}

TEST_P(every_policy, knows_nothing_of_one_that_has_left) {
    auto p = made();
    for (std::uint64_t id = 0; id < 5; ++id) p.arrive(job(id, 0, 5), at(0));
    const auto running = p.pick(at(0));
    ASSERT_TRUE(running);
    p.leave(*running, at(1));
    std::vector<std::uint64_t> others;
    while (const auto id = p.pick(at(1))) others.push_back(*id);
    std::sort(others.begin(), others.end());
    std::vector<std::uint64_t> expected;
    for (std::uint64_t id = 0; id < 5; ++id)
        if (id != *running) expected.push_back(id);
    EXPECT_EQ(others, expected);
    EXPECT_THROW(p.ran(*running, duration(1), stop_reason::expired, at(2)), heddle::invalid_state);
    p.arrive(job(*running, 2, 5), at(2));
    EXPECT_EQ(p.pick(at(2)), running);
}

TEST_P(every_policy, one_that_is_blocked_is_not_picked) {
    auto p = made();
    p.arrive(job(1, 0, 5), at(0));
    ASSERT_EQ(p.pick(at(0)), 1u);
    p.ran(1, duration(1), stop_reason::blocked, at(1));
    EXPECT_EQ(p.pick(at(1)), std::nullopt);
    p.arrive(job(1, 4, 4), at(4));
    EXPECT_EQ(p.pick(at(4)), 1u);
}

TEST_P(every_policy, who_is_filtered_out_is_not_touched) {
    auto p = made(), untouched = made();
    for (std::uint64_t id = 0; id < 8; ++id)
        for (auto* const each : {&p, &untouched})
            each->arrive(job(id, 0, 5, static_cast<int>(id % 3)), at(0));
    const auto nobody = [](std::uint64_t) { return false; };
    const auto six = [](std::uint64_t id) { return id == 6; };
    for (std::int64_t n = 0; n < 20; ++n) EXPECT_EQ(p.pick(at(n), nobody), std::nullopt);
    std::string order, expected;
    EXPECT_EQ(p.pick(at(30), six), 6u);
    EXPECT_FALSE(p.preempts(6, duration(0), at(30), nobody));
    p.leave(6, at(30));
    untouched.leave(6, at(30));
    while (const auto id = untouched.pick(at(30))) expected += std::to_string(*id);
    while (const auto id = p.pick(at(30))) order += std::to_string(*id);
    if (GetParam().starts_with("lottery") || GetParam().starts_with("random"))
        EXPECT_EQ(order.size(), expected.size());  // a lot was drawn for 6
    else
        EXPECT_EQ(order, expected);
}

namespace {

struct sliced_by_a_global : heddle::policy::fcfs {
    static inline duration quantum{3};
    static duration slice(std::uint64_t, duration, heddle::policy::time) { return quantum; }
};

using heddle::policy::round_robin;

// It filters, and says for itself when one makes way and when a slice ends.
struct round_robin_until_noon : heddle::policy::round_robin {
    static constexpr bool slices_stand = false;

    round_robin_until_noon() : round_robin(duration(2)) {}
    duration slice(std::uint64_t id, duration used, heddle::policy::time now) const {
        return now < at(12) ? round_robin::slice(id, used, now) : duration(0);
    }
    bool preempts(std::uint64_t, duration, heddle::policy::time now) const { return now >= at(12); }
};
static_assert(heddle::policy::filtering_policy<round_robin_until_noon>);

}  // namespace

TEST(any_policy, a_policy_is_asked_unless_it_says_that_it_need_not_be) {
    any_policy p{round_robin_until_noon()};
    EXPECT_TRUE(p.displaces());
    EXPECT_TRUE(p.slices());
    EXPECT_TRUE(p.reslices());
    p.arrive(job(1, 0, 9), at(0));
    p.arrive(job(2, 0, 9), at(0));
    ASSERT_EQ(p.pick(at(0)), 1u);
    const auto nobody = [](std::uint64_t) { return false; };
    EXPECT_FALSE(p.preempts(1, duration(1), at(11), nobody));
    EXPECT_TRUE(p.preempts(1, duration(1), at(12), nobody));
    EXPECT_EQ(p.slice(1, duration(1), at(11), nobody), duration(1));
    EXPECT_EQ(p.slice(1, duration(1), at(12), nobody), duration(0));
}

TEST(any_policy, says_whether_running_tasks_are_to_be_asked_when_somebody_comes) {
    for (const char* const name : {"fcfs", "sjf", "rr", "lottery", "stride"}) {
        EXPECT_FALSE(make_policy(name).displaces()) << name;
        EXPECT_FALSE(make_policy(name).reslices()) << name;
    }
    for (const char* const name : {"fcfs", "sjf", "srtf", "edf", "rm"})
        EXPECT_FALSE(make_policy(name).slices()) << name;
    for (const char* const name : {"rr", "priority", "mlfq", "fair", "linux"})
        EXPECT_TRUE(make_policy(name).slices()) << name;
    EXPECT_TRUE(any_policy(sliced_by_a_global()).slices());
    EXPECT_TRUE(make_policy("srtf").displaces());
    EXPECT_FALSE(make_policy("srtf").reslices());
    for (const char* const name : {"priority preemptive age=5", "mlfq", "linux"}) {
        EXPECT_TRUE(make_policy(name).displaces()) << name;
        EXPECT_TRUE(make_policy(name).reslices()) << name;
    }
}

TEST_P(every_policy, a_copy_goes_on_by_itself) {
    auto p = made();
    for (std::uint64_t id = 0; id < 5; ++id) p.arrive(job(id, 0, 5), at(0));
    auto what_if = p;
    while (what_if.pick(at(0))) {
    }
    EXPECT_TRUE(p.pick(at(0)));
}

INSTANTIATE_TEST_SUITE_P(policies, every_policy,
                         testing::Values("fcfs", "sjf", "sjf predict", "srtf", "srtf alpha=0.3 first=5",
                                         "rr 4", "rr 1 expired_first", "priority",
                                         "priority preemptive lower", "priority preemptive age=10",
                                         "priority preemptive q=3 displaced_last", "mlq",
                                         "mlq levels=rr/2,sjf,fcfs shares=8,4,2", "mlfq 4,8,16",
                                         "mlfq 4 levels=5 allot=12 boost=50 stay",
                                         "mlfq 2 levels=4 alone_stays displaced_last", "lottery 3",
                                         "stride 3", "fair 3", "edf", "edf nonpreemptive", "rm", "random",
                                         "random 2", "linux", "linux rr=4 slice=3 server=2 period=20"),
                         [](const auto& each) {
                             std::string name = each.param;
                             for (char& c : name)
                                 if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                             return name;
                         });

TEST(any_policy, holds_a_policy_of_the_user) {
    const any_policy p = heddle::policy::fcfs();
    EXPECT_EQ(simulate(p, {job(1, 0, 2), job(2, 0, 2)}).chart, "P1 0-2, P2 2-4");
}

TEST(any_policy, every_name_makes_one) {
    for (const auto& [name, words] : policy_names()) EXPECT_NO_THROW(make_policy(name)) << name;
}

TEST(any_policy, words_may_stand_between_colons) {
    EXPECT_EQ(simulate(make_policy("rr:2"), {job(1, 0, 4), job(2, 0, 2)}).chart, "P1 0-2, P2 2-4, P1 4-6");
    EXPECT_EQ(simulate(make_policy("rr q=2"), {job(1, 0, 4), job(2, 0, 2)}).chart, "P1 0-2, P2 2-4, P1 4-6");
}

TEST(any_policy, what_is_not_understood_is_named) {
    const auto message_of = [](const char* description) -> std::string {
        try {
            make_policy(description);
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "accepted";
    };
    EXPECT_NE(message_of("fsfc").find("'fsfc' is not known; there are fcfs, sjf"), std::string::npos);
    EXPECT_NE(message_of("fcfs 4").find("'4' is not understood by fcfs"), std::string::npos);
    EXPECT_NE(message_of("rr 0").find("positive"), std::string::npos);
    EXPECT_NE(message_of("rr 4x").find("'4x'"), std::string::npos);
    EXPECT_NE(message_of("priority age=soon").find("'soon'"), std::string::npos);
    EXPECT_NE(message_of("").find("no name"), std::string::npos);
    EXPECT_NE(message_of("mlq levels=rr/2,nope").find("'nope'"), std::string::npos);
    EXPECT_NE(message_of("rr /").find("'/' is not understood by rr"), std::string::npos);
    EXPECT_NE(message_of("mlfq q=/").find("has no durations"), std::string::npos);
    EXPECT_NE(message_of("rr 1.7").find("'1.7' is not a whole number"), std::string::npos);
}

TEST(any_policy, durations_have_units_or_have_none_as_is_asked_for) {
    using heddle::policy::duration_units;
    const auto message_of = [](const char* description, duration_units units) -> std::string {
        try {
            make_policy(description, {.units = units});
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "accepted";
    };
    EXPECT_EQ(message_of("rr 4ms", duration_units::required), "accepted");
    EXPECT_EQ(message_of("rr 4", duration_units::none), "accepted");
    EXPECT_EQ(message_of("rr 4ms", duration_units::either), "accepted");
    EXPECT_EQ(message_of("rr 4", duration_units::required),
              "policy: '4' has no unit, and the times of the workload have one; write 4ms or 4us");
    EXPECT_EQ(message_of("rr 4ms", duration_units::none),
              "policy: '4ms' has a unit, and the times of the workload have none; write 4");
    EXPECT_NE(message_of("mlq levels=rr/4,fcfs", duration_units::required).find("'4' has no unit"),
              std::string::npos);
    EXPECT_NE(message_of("priority age=5", duration_units::required).find("'5' has no unit"),
              std::string::npos);
    EXPECT_EQ(message_of("linux server=0", duration_units::required), "accepted");
    EXPECT_NE(message_of("linux", duration_units::none).find("say rr=, slice=, server=, period="),
              std::string::npos);
    EXPECT_EQ(message_of("linux rr=4 slice=3 server=2 period=20", duration_units::none), "accepted");
}

TEST(any_policy, says_what_type_it_has) {
    const any_policy named = heddle::policy::fcfs();
    EXPECT_NE(named.type_name().find("::basic_fcfs<"), std::string_view::npos) << named.type_name();
    EXPECT_EQ(any_policy(named).type_name(), named.type_name());
}
