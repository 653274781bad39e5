// SPDX-License-Identifier: BSL-1.0
// That the concept is wide enough: policies of other kinds, written in a few lines, with the numbers that
// they must give.
#include <heddle/policy/policy.hpp>

#include <gtest/gtest.h>
#include <array>
#include "simulate.hpp"

using namespace policy_tests;
using heddle::policy::scheduling_policy;
using heddle::policy::still_ready;

namespace {

using heddle::policy::time;  // in here, where it hides time()

// Shortest remaining time first for tasks 0 to 7, in arrays: it needs the bursts, what ran() told and `used`.
struct shortest_remaining {
    using id_type = std::uint64_t;
    enum class where { nowhere, ready, running };
    struct slot {
        where is = where::nowhere;
        duration left{};
    };
    std::array<slot, 8> slots;

    std::optional<id_type> best() const {
        std::optional<id_type> found;
        for (id_type id = 0; id < slots.size(); ++id)
            if (slots[id].is == where::ready && (!found || slots[id].left < slots[*found].left)) found = id;
        return found;
    }
    void arrive(const task_info<>& task, time) { slots[task.id] = {where::ready, task.burst.value()}; }
    std::optional<id_type> pick(time) {
        const auto id = best();
        if (id) slots[*id].is = where::running;
        return id;
    }
    duration slice(id_type, duration, time) const { return unlimited; }
    bool preempts(id_type id, duration used, time) const {
        const auto other = best();
        return other && slots[*other].left < slots[id].left - used;
    }
    void ran(id_type id, duration used, stop_reason why, time) {
        slots[id].left -= used;
        slots[id].is = still_ready(why) ? where::ready : where::nowhere;
    }
    void leave(id_type id, time) { slots[id] = {}; }
};
static_assert(scheduling_policy<shortest_remaining>);

struct without_leave {
    using id_type = int;
    void arrive(const task_info<int>&, time);
    std::optional<int> pick(time);
    duration slice(int, duration, time) const;
    bool preempts(int, duration, time) const;
    void ran(int, duration, stop_reason, time);
};
static_assert(!scheduling_policy<without_leave>);
static_assert(!scheduling_policy<int>);

}  // namespace

TEST(scheduling_policy, shortest_remaining_time_fits_the_concept) {
    const std::vector<task_info<>> jobs = {job(1, 0, 12), job(2, 2, 4), job(3, 3, 6), job(4, 8, 5)};
    for (const auto first : {tell_first::arrivals, tell_first::stops}) {
        const auto r = simulate(shortest_remaining(), jobs, first);
        EXPECT_EQ(r.chart, "P1 0-2, P2 2-6, P3 6-12, P4 12-17, P1 17-27");
        EXPECT_DOUBLE_EQ(r.wait(), 5.5);
        EXPECT_DOUBLE_EQ(r.turnaround(), 12.25);
        EXPECT_DOUBLE_EQ(r.response(), 1.75);
    }
}

TEST(scheduling_policy, jobs_that_are_all_there_run_shortest_first) {
    const auto r = simulate(shortest_remaining(), {job(1, 0, 6), job(2, 0, 8), job(3, 0, 7), job(4, 0, 3)});
    EXPECT_EQ(r.chart, "P4 0-3, P1 3-9, P3 9-16, P2 16-24");
    EXPECT_DOUBLE_EQ(r.wait(), 7);
    EXPECT_DOUBLE_EQ(r.turnaround(), 13);
}
