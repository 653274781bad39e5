// SPDX-License-Identifier: BSL-1.0
#pragma once

// What there is to schedule: tasks, when they come, and what each does step by step. Times are integers of
// whatever unit the user has in mind. Read from a file, or made by a program; simulate() runs it under a
// policy.

#include <cstdint>
#include <heddle/policy/policy.hpp>
#include <heddle/rt/config.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::inline v0::sched {

using policy::duration;
using policy::task_class;
using policy::time;

/// No time of a workload is longer, so that a few of them can be added: a quarter of what there is.
inline constexpr duration longest_time{std::int64_t{1} << 61};

/// What a task does next.
enum class step_kind : std::uint8_t {
    compute,  ///< needs the CPU for `length`
    wait,     ///< waits for `length`, for a device or the user; no CPU
    lock,     ///< takes the lock of this number, and waits until it can
    unlock,
    yield,  ///< lets others go first
};

struct step {
    step_kind kind = step_kind::compute;
    duration length{};
    std::uint32_t lock = 0;
};

/// A task. One with a period does its steps once in each.
struct task_spec {
    std::string name{};
    time arrival{};
    std::vector<step> steps{};
    int priority = 0;
    int nice = 0;
    std::uint32_t weight = 0;            ///< its share or tickets; 0: what Linux gives its nice value
    std::optional<duration> deadline{};  ///< after each arrival; a periodic task's is its period unless said
    duration period{};                   ///< zero: it comes once
    std::uint64_t jobs = 0;              ///< how often it comes; 0: to the end of the simulation
    std::vector<int> cpus{};             ///< where it may run; empty: anywhere
    std::int64_t working_set = 0;        ///< what it wants in the cache
    int width = 1;                       ///< how many CPUs it needs at once
    task_class kind = task_class::fair;

    /// CPU time of all steps.
    HEDDLE_API duration cpu_time() const;
};

/// What a unit of time is, for printing.
enum class time_unit { none, nanoseconds, seconds };

/// What there is to schedule.
struct workload {
    std::vector<task_spec> tasks{};
    std::vector<std::string> locks{};  ///< their names, by number
    time_unit unit = time_unit::none;
    int cpus = 0;                      ///< of the machine that it was recorded on; 0: not known
    std::vector<std::string> notes{};  ///< what was left out in reading

    /// The number of a lock by its name, which is made if there is none.
    HEDDLE_API std::uint32_t lock_named(std::string_view name);
};

/// Throws: std::invalid_argument, with the task's name, for what no task can do: negative times, a lock that
/// it has or has not, a step after which it holds a lock for ever, jobs without a period; and for times that
/// add up to more than longest_time.
HEDDLE_API void check(const workload& w);

}  // namespace heddle::inline v0::sched
