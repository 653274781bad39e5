// SPDX-License-Identifier: BSL-1.0
#pragma once

// The search for a failing schedule: strategies take turns, on one server for each job, until one schedule
// fails or the budget is used up.

#include <check/explore/finding.hpp>
#include <chrono>
#include <functional>
#include <heddle/check/options.hpp>
#include <optional>
#include <string>
#include <vector>

namespace heddle::inline v0::check {

/// How the schedules are chosen.
enum class search_mode {
    rotate,  ///< the four random ones in turn; for small programs all schedules, those with few preemptions
             ///< first
    random_walk,
    pct,
    pos,
    surw,
    bounded,  ///< all schedules with 0, 1, 2 … `depth` preemptions
    dfs,      ///< all schedules
    policy,   ///< one schedule for each of the policies and each number of CPUs
    jitter,   ///< not chosen at all: threads run freely, with random delays
};

struct search_options {
    std::uint64_t schedules = 10'000;
    std::chrono::milliseconds time{60'000};
    search_mode mode = search_mode::rotate;
    unsigned depth = 3;                   ///< of pct, and the largest bound
    std::vector<std::string> policies{};  ///< as policy::make_policy() takes them
    std::uint64_t quantum = 10;           ///< of policies that say nothing else, in steps
    std::uint64_t seed = 1;
    points where = points::automatic;
    std::uint64_t max_steps = 200'000;  ///< per schedule
    unsigned jobs = 1;
    cpu_range cpus{};  ///< that the program sees
    bool find_races = true;
    bool races_fail = true;
    bool minimise = true;
    bool baton = false;
    bool fork = false;  ///< a process for each schedule, also where one could run many
    bool late_timeouts = false;
    bool threads_left_fail = false;
    bool any_status = false;                    ///< a status other than 0 is no failure
    bool expect_same_output = false;            ///< as in the first schedule
    std::chrono::milliseconds patience{5'000};  ///< without a step, or of a run with jitter: a hang
    /// Called now and then, from the thread that calls find_failure(). @return false to give up.
    std::function<bool(std::uint64_t schedules)> progress{};
};

struct search_result {
    std::optional<finding> found{};
    std::uint64_t schedules = 0;
    std::uint64_t steps = 0;
    std::uint64_t stopped = 0;  ///< schedules that ran when the time was over; not among the others
    std::uint64_t most_threads = 0;
    std::chrono::nanoseconds elapsed{};
    bool instrumented = false;
    bool interrupted = false;
    /// All schedules with at most so many preemptions were run; no value if not even those with none were.
    std::optional<unsigned> complete_to{};
    std::uint64_t complete_in = 0;  ///< systematic schedules up to there
    /// There are no others.
    bool complete = false;
    std::uint64_t systematic = 0;  ///< schedules that this took
    std::vector<std::string> not_covered{};
};

/// Makes a server that runs the program to check.
using server_maker = std::function<std::unique_ptr<schedule_server>()>;

/// Searches, minimises, and records the failure with its stacks. `use` is called with the server that has
/// shown it, while its process is there to be asked for symbols.
search_result find_failure(const server_maker& make, const search_options& options,
                           const std::function<void(finding&, const schedule_server&)>& use);

/// Runs one schedule by its switches, with stacks.
recording run_switches(schedule_server& server, const orders& base, const std::vector<guide_switch>& switches,
                       std::chrono::milliseconds patience);

/// One sentence for the failure.
std::string message_of(const recording& r, failure_kind kind);

}  // namespace heddle::inline v0::check
