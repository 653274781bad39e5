// SPDX-License-Identifier: BSL-1.0
// The policies that give shares: lottery, stride, fair share.
#include <heddle/policy/fair_share.hpp>
#include <heddle/policy/lottery.hpp>
#include <heddle/policy/stride.hpp>

#include <gtest/gtest.h>
#include <map>
#include <stdexcept>
#include "simulate.hpp"

using namespace policy_tests;
using heddle::policy::fair_share;
using heddle::policy::lottery;
using heddle::policy::nice_weight;
using heddle::policy::random_choice;
using heddle::policy::random_stream;
using heddle::policy::stride;

namespace {

task_info<> holder(std::uint64_t id, std::uint32_t tickets, std::int64_t burst = 1'000'000) {
    auto t = job(id, 0, burst);
    t.weight = tickets;
    return t;
}

// Who gets each of the first quanta.
template <class P> std::string turns(P& p, int quanta) {
    std::string names;
    for (int n = 0; n < quanta; ++n) {
        const auto id = p.pick(at(n));
        if (!id) break;
        names += static_cast<char>('A' + *id);
        p.ran(*id, duration(1), stop_reason::expired, at(n + 1));
    }
    return names;
}

}  // namespace

TEST(stride, gives_exact_shares_in_each_round) {
    stride p({.quantum = duration(1), .constant = 10000});
    p.arrive(holder(0, 100), at(0));
    p.arrive(holder(1, 50), at(0));
    p.arrive(holder(2, 250), at(0));
    EXPECT_EQ(turns(p, 8), "ABCCCACC");
    for (const std::uint64_t id : {0u, 1u, 2u}) EXPECT_EQ(p.pass(id), 200);
    EXPECT_EQ(turns(p, 8), "ABCCCACC");
    for (const std::uint64_t id : {0u, 1u, 2u}) EXPECT_EQ(p.pass(id), 400);
}

TEST(stride, a_newcomer_does_not_catch_up_with_what_it_missed) {
    stride p({.quantum = duration(1)});
    p.arrive(holder(0, 100), at(0));
    turns(p, 50);
    p.arrive(holder(1, 100), at(50));
    const auto next = turns(p, 10);
    EXPECT_EQ(std::count(next.begin(), next.end(), 'A'), 5);
}

TEST(stride, who_used_half_a_quantum_pays_half) {
    stride p({.quantum = duration(10), .constant = 10000});
    p.arrive(holder(0, 100), at(0));
    ASSERT_EQ(p.pick(at(0)), 0u);
    p.ran(0, duration(5), stop_reason::blocked, at(5));
    EXPECT_EQ(p.pass(0), 50);
}

TEST(stride, many_tickets_are_no_reason_to_starve_others) {
    stride p({.quantum = duration(1)});
    p.arrive(holder(0, 11916), at(0));
    p.arrive(holder(1, 1024), at(0));
    const auto t = turns(p, 1294);
    EXPECT_NEAR(static_cast<double>(std::count(t.begin(), t.end(), 'B')), 102.4, 1);
    stride most({.quantum = duration(1)});
    most.arrive(holder(0, 2'000'000'000), at(0));
    most.arrive(holder(1, 1'000'000'000), at(0));
    EXPECT_EQ(turns(most, 6), "ABAABA");
}

TEST(stride, shares_stay_the_same_however_long_it_runs) {
    // With one ticket and a large constant, passes come to the end of a lap every 2^16 quanta.
    stride p({.quantum = duration(1), .constant = 1'000'000'000});
    p.arrive(holder(0, 1), at(0));
    p.arrive(holder(1, 2), at(0));
    p.arrive(holder(2, 1), at(0));
    p.ran(*p.pick(at(0)), duration(0), stop_reason::blocked, at(0));  // A, for several laps
    std::string last;
    for (int n = 0; n < 40; ++n) {
        const auto t = turns(p, 9'999);
        EXPECT_NEAR(static_cast<double>(std::count(t.begin(), t.end(), 'B')), 6666, 1);
    }
    EXPECT_NEAR(static_cast<double>(p.pass(1)), 40 * 3333 * 1e9, 2e9);
    p.arrive(holder(0, 1), at(1));
    const auto t = turns(p, 10'000);
    EXPECT_NEAR(static_cast<double>(std::count(t.begin(), t.end(), 'A')), 2500, 2);
}

TEST(stride, refuses_a_quantum_that_is_not_positive) {
    EXPECT_THROW(stride({.quantum = duration(0)}), std::invalid_argument);
    EXPECT_THROW(stride({.quantum = duration(1), .constant = 0}), std::invalid_argument);
}

TEST(lottery, the_drawn_ticket_wins) {
    // Tickets 0 to 9 are A's, 10 to 84 B's, 85 to 109 C's.
    lottery p({.quantum = duration(1),
               .stream = random_stream(std::vector<std::uint64_t>{9, 10, 84, 85, 110, 229})});
    p.arrive(holder(1, 75), at(0));
    p.arrive(holder(0, 10), at(0));
    p.arrive(holder(2, 25), at(0));
    EXPECT_EQ(turns(p, 6), "ABBCAA");
}

TEST(lottery, shares_are_in_proportion_in_the_long_run) {
    lottery p({.quantum = duration(1), .stream = random_stream(42)});
    p.arrive(holder(0, 10), at(0));
    p.arrive(holder(1, 30), at(0));
    const auto t = turns(p, 40000);
    EXPECT_NEAR(static_cast<double>(std::count(t.begin(), t.end(), 'B')) / 40000, 0.75, 0.01);
}

TEST(lottery, tickets_can_change) {
    lottery p({.quantum = duration(1), .stream = random_stream(42)});
    p.arrive(holder(0, 10), at(0));
    p.arrive(holder(1, 10), at(0));
    p.adjust(holder(1, 0), at(0));
    EXPECT_EQ(turns(p, 20), std::string(20, 'A'));
}

TEST(lottery, one_that_leaves_takes_its_tickets_along) {
    lottery p({.quantum = duration(1), .stream = random_stream(42)});
    p.arrive(holder(0, 10), at(0));
    p.arrive(holder(1, 1000), at(0));
    p.leave(1, at(0));
    EXPECT_EQ(turns(p, 20), std::string(20, 'A'));
    p.leave(0, at(20));
    EXPECT_EQ(p.pick(at(20)), std::nullopt);
}

TEST(random_choice, looks_at_no_tickets) {
    random_choice p({.quantum = duration(1), .stream = random_stream(42)});
    p.arrive(holder(0, 1), at(0));
    p.arrive(holder(1, 1000), at(0));
    const auto t = turns(p, 40000);
    EXPECT_NEAR(static_cast<double>(std::count(t.begin(), t.end(), 'A')) / 40000, 0.5, 0.01);
}

TEST(random_stream, numbers_below_a_bound_are_evenly_spread) {
    random_stream s(3);
    std::map<std::uint64_t, int> seen;
    for (int n = 0; n < 30000; ++n) ++seen[s.below(3)];
    ASSERT_EQ(seen.size(), 3u);
    for (const auto& [value, times] : seen) EXPECT_NEAR(times, 10000, 300);
}

TEST(fair_share, divides_by_the_weights_of_linux) {
    // What a fluid would do: 430.4, 698.5 and 900.
    const std::int64_t ms = 1'000'000;
    const auto r = simulate(fair_share({.slice = std::chrono::milliseconds(1)}),
                            {holder(1, nice_weight(0), 300 * ms), holder(2, nice_weight(5), 300 * ms),
                             holder(3, nice_weight(10), 300 * ms)});
    EXPECT_NEAR(static_cast<double>(r.tasks.at(1).finish) / ms, 430.4, 4.3);
    EXPECT_NEAR(static_cast<double>(r.tasks.at(2).finish) / ms, 698.5, 7);
    EXPECT_EQ(r.tasks.at(3).finish, 900 * ms);
}

TEST(fair_share, equal_weights_take_turns) {
    const std::int64_t ms = 1'000'000;
    const auto r =
        simulate(fair_share({.slice = std::chrono::milliseconds(1)}),
                 {holder(1, 1024, 400 * ms), holder(2, 1024, 200 * ms), holder(3, 1024, 100 * ms)});
    EXPECT_NEAR(static_cast<double>(r.tasks.at(1).finish) / ms, 700, 7);
    EXPECT_NEAR(static_cast<double>(r.tasks.at(2).finish) / ms, 500, 5);
    EXPECT_NEAR(static_cast<double>(r.tasks.at(3).finish) / ms, 300, 3);
}

TEST(fair_share, one_that_was_away_does_not_catch_up) {
    fair_share p({.slice = duration(1)});
    p.arrive(holder(0, 1024), at(0));
    p.arrive(holder(1, 1024), at(0));
    ASSERT_EQ(p.pick(at(0)), 0u);
    p.ran(0, duration(1), stop_reason::blocked, at(1));
    for (int n = 1; n < 100; ++n) {
        ASSERT_EQ(p.pick(at(n)), 1u);
        p.ran(1, duration(1), stop_reason::expired, at(n + 1));
    }
    p.arrive(holder(0, 1024), at(100));
    const auto t = turns(p, 20);
    EXPECT_NEAR(static_cast<double>(std::count(t.begin(), t.end(), 'A')), 10, 1);
}

TEST(fair_share, weights_are_those_of_linux) {
    EXPECT_EQ(nice_weight(0), 1024u);
    EXPECT_EQ(nice_weight(5), 335u);
    EXPECT_EQ(nice_weight(10), 110u);
    EXPECT_EQ(nice_weight(-20), 88761u);
    EXPECT_EQ(nice_weight(19), 15u);
    EXPECT_EQ(nice_weight(99), 15u);
}
