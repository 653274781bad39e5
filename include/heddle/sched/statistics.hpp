// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a simulation amounts to: means, percentiles, fairness, misses.

#include <cstddef>
#include <cstdint>
#include <heddle/rt/config.hpp>
#include <heddle/sched/simulate.hpp>
#include <heddle/sched/workload.hpp>
#include <vector>

namespace heddle::inline v0::sched {

/// Of a number of durations: mean, and percentiles by nearest rank. Of none at all, these are not numbers:
/// look at `count` first.
struct distribution {
    std::size_t count = 0;
    double mean = 0;
    duration p50{};
    duration p90{};
    duration p95{};
    duration p99{};
    duration least{};
    duration most{};
};

/// The figures of a task over all its jobs, or of all tasks.
struct summary {
    std::size_t jobs = 0;  ///< that came
    std::size_t finished = 0;
    std::size_t missed = 0;     ///< their deadlines
    std::size_t dropped = 0;    ///< given up when they did; these have not finished
    distribution turnaround{};  ///< of those that finished
    distribution waiting{};     ///< likewise: ready and not running, locks included
    distribution response{};    ///< of those that ran
    double slowdown = 0;        ///< mean of turnaround over CPU and I/O time
    duration cpu{};
    duration io{};
};

/// A simulation in numbers.
struct statistics {
    summary all{};
    std::vector<summary> tasks{};  ///< by position in the workload; empty if not asked for
    duration elapsed{};            ///< from the first arrival to the end
    double throughput = 0;         ///< finished jobs for each unit of time
    double utilisation = 0;        ///< busy time over the time of all CPUs
    double fairness = 1;           ///< Jain's index of what share of its time each job had the CPU or its I/O
    std::uint64_t switches = 0;
    std::uint64_t migrations = 0;
    duration overhead{};
};

/// Complexity: jobs times its logarithm.
HEDDLE_API statistics summarise(const workload& w, const simulation& s, bool by_task = true);

}  // namespace heddle::inline v0::sched
