// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>

namespace heddle::inline v0::check {

/// How the next one to run is chosen. `rotate` takes turns among the others, as none is best for all
/// programs.
enum class strategy {
    rotate,
    random_walk,  ///< any of those that can run
    pct,          ///< random priorities, changed at `depth` - 1 random points
    pos,          ///< random priorities, drawn anew for conflicting operations
    surw,         ///< random, weighted by how much each has left to do
    bounded,      ///< all schedules with 0, 1, 2 … `depth` preemptions, in turn
    dfs,          ///< all schedules; of those that differ only in the order of independent steps, one
};

/// Where another thread may get its turn.
enum class points {
    automatic,        ///< memory where the test was compiled for the checker, synchronisation otherwise
    synchronisation,  ///< locks, waits, thread start and end, sleeps, clocks
    memory,           ///< in addition every access that threads conflict on
};

/// How many CPUs there are for a program that asks: always as many, or from `least` to `most`, another number
/// in each schedule. Programs size their pools by it.
struct cpu_range {
    constexpr cpu_range(unsigned always = 2) noexcept : least(always), most(always) {}
    constexpr cpu_range(unsigned from, unsigned to) noexcept : least(from), most(to) {}

    unsigned least;
    unsigned most;
};

struct options {
    std::uint64_t schedules = 10'000;        ///< at most so many
    std::chrono::milliseconds time{30'000};  ///< at most so long
    strategy how = strategy::rotate;
    unsigned depth = 3;  ///< of pct and bounded
    std::uint64_t seed = 1;
    points where = points::automatic;
    std::uint64_t max_steps = 100'000;  ///< per schedule; more is reported as no_progress
    cpu_range cpus{};                   ///< how many the body sees
    bool find_races = true;             ///< needs points::memory
    bool threads_left_fail = true;      ///< a thread that runs on when the body returns is a failure
    bool minimise = true;
};

}  // namespace heddle::inline v0::check
