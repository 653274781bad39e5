// SPDX-License-Identifier: BSL-1.0
// All schedules, and each only once: what strategy::dfs says of itself is counted from outside.
#include <sys/mman.h>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <new>
#include <thread>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;

// What the forked copies leave behind: how often each order was run to its end.
class tally {
 public:
    tally()
        : runs_(new(::mmap(nullptr, sizeof(runs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                    runs{}) {}
    tally(const tally&) = delete;
    tally& operator=(const tally&) = delete;
    ~tally() { ::munmap(runs_, sizeof(runs)); }

    void add(unsigned order) const { ++(*runs_)[order]; }

    unsigned different() const {
        unsigned n = 0;
        for (const unsigned count : *runs_) n += count > 0;
        return n;
    }
    unsigned all() const {
        unsigned n = 0;
        for (const unsigned count : *runs_) n += count;
        return n;
    }

 private:
    using runs = std::array<unsigned, 1024>;
    runs* runs_;
};

// The schedules with all points that come first, to find out where threads conflict.
constexpr unsigned warm_up = 5;

// The order of the threads' turns, as digits: 1 is the first thread.
__attribute__((noinline)) void take_turn(std::atomic<unsigned>& turns, unsigned who) {
    unsigned before = turns.load(std::memory_order_relaxed);
    while (!turns.compare_exchange_strong(before, before * 2 + who)) {
    }
}

__attribute__((noinline)) void count(std::atomic<unsigned>& number) {
    number.fetch_add(1);
}

TEST(dfs, runs_every_order_of_steps_that_depend_on_each_other) {
    const tally seen;
    const check::report r = check::explore(
        [&] {
            std::atomic<unsigned> next{0};
            std::array<std::uint64_t, 6> who_came{};
            const auto three = [&](unsigned who) {
                return [&next, &who_came, who] {
                    for (int i = 0; i < 3; ++i) who_came[next.fetch_add(1)] = who;
                };
            };
            at_once({three(0), three(1)});
            unsigned order = 1;
            for (const std::uint64_t who : who_came) order = order * 2 + static_cast<unsigned>(who);
            seen.add(order);
        },
        {.how = check::strategy::dfs});
    EXPECT_TRUE(r.complete) << r;
    EXPECT_EQ(seen.different(), 20u);  // 6! / (3! 3!)
}

TEST(dfs, runs_one_order_of_steps_that_do_not) {
    const tally seen;
    const check::report r = check::explore(
        [&] {
            // They meet once, so that the instruction is one on which threads conflict.
            struct alignas(64) line {
                std::atomic<unsigned> n{0};
            };
            line lines[3];
            const auto work = [&](unsigned who) {
                return [&lines, who] {
                    for (int i = 0; i < 3; ++i) count(lines[who].n);
                    count(lines[2].n);
                };
            };
            at_once({work(0), work(1)});
            seen.add(lines[2].n);
        },
        {.how = check::strategy::dfs});
    EXPECT_TRUE(r.complete) << r;
    // Of 70 orders two differ in more than the order of independent steps.
    EXPECT_LE(seen.all(), 2 + warm_up);
}

TEST(dfs, needs_no_more_schedules_than_there_are_where_time_passes) {
    const check::report r = check::explore(
        [] {
            std::atomic<int> turns{0};
            const auto nap = [&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                ++turns;
            };
            at_once({nap});
            check::require(turns == 1);
        },
        {.how = check::strategy::dfs});
    EXPECT_TRUE(r.ok()) << r;
    EXPECT_TRUE(r.complete) << r;
}

TEST(dfs, finds_what_needs_many_changes_of_thread) {
    const check::report r = check::explore(
        [] {
            // Fails only if the threads take turns at every step.
            std::atomic<unsigned> turns{1};
            const auto three = [&](unsigned who) {
                return [&turns, who] {
                    for (int i = 0; i < 3; ++i) take_turn(turns, who);
                };
            };
            at_once({three(0), three(1)});
            check::require(turns != 0b1010101);
        },
        {.how = check::strategy::dfs});
    ASSERT_TRUE(r.found.has_value());
    EXPECT_EQ(r.found->kind, "requirement");
    EXPECT_EQ(r.found->preemptions, 4u) << r;
}

}  // namespace
