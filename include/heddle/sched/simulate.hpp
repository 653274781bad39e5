// SPDX-License-Identifier: BSL-1.0
#pragma once

// A policy over a workload, in virtual time: what would happen, exactly, and the same every time.

#include <cstddef>
#include <cstdint>
#include <heddle/policy/any_policy.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/sched/workload.hpp>
#include <string>
#include <vector>

namespace heddle::inline v0::sched {

/// The caches of the CPUs, in small: a task that has run on a CPU for `warm_after` is warm there and runs
/// `warm_speed` times as fast, until others' working sets push its own out. One that is larger than the cache
/// is never warm.
struct cache_options {
    std::int64_t size = 0;  ///< 0: there is none
    duration warm_after{10};
    int warm_speed = 2;
};

/// The machine, and what the policy leaves open.
struct simulation_options {
    int cpus = 1;
    bool queue_per_cpu = false;    ///< a policy object for each CPU; tasks are dealt out in turn
    bool stealing = false;         ///< an idle CPU takes from the longest queue
    duration steal_every{};        ///< and looks only at multiples of this; zero: at once
    duration switch_cost{};        ///< when a CPU goes on with another task than its last
    bool cooperative = false;      ///< nobody is interrupted: a task runs until it waits, yields or ends
    bool inheritance = false;      ///< who has a lock is as urgent as those who wait for it
    bool lower_is_higher = false;  ///< which number is the higher priority, for inheritance, if the policy
                                   ///< has no order of its own
    bool drop_late = false;    ///< a job that misses its deadline is given up
    time until = time::max();  ///< the end. Without one, tasks that come again for ever do so for one common
                               ///< period, two if they do not all begin at once, and end what they began
    cache_options cache{};
    bool reasons = false;  ///< ask the policy why it does what it does
    bool record = true;    ///< keep segments and events: without, only what happened to each job
};

/// One arrival of a task, and what became of it.
struct job_result {
    std::uint32_t task = 0;
    std::uint64_t number = 0;  ///< of a periodic task, from 0
    time arrival{};
    time first_run = time::max();
    time finish = time::max();
    duration cpu{};      ///< on a CPU, switches apart
    duration waiting{};  ///< ready and not running; switches count
    duration io{};       ///< in steps that wait
    duration blocked{};  ///< for locks
    time deadline = time::max();
    bool missed = false;
    bool dropped = false;  ///< given up when it missed its deadline; it did not finish

    bool finished() const noexcept { return finish != time::max(); }
    bool started() const noexcept { return first_run != time::max(); }
    duration turnaround() const noexcept { return finish - arrival; }
    duration response() const noexcept { return first_run - arrival; }
};

/// A task on a CPU without interruption.
struct segment {
    std::uint32_t task = 0;
    std::uint32_t cpu = 0;
    time begin{};
    time end{};
};

enum class event_kind : std::uint8_t {
    arrives,
    runs,
    expires,
    preempted,
    yields,
    waits,
    wakes,
    wants_lock,
    gets_lock,
    unlocks,
    inherits,
    finishes,
    misses,
    dropped,
    stolen,
};

/// Something that happened.
struct event {
    time at{};
    event_kind kind{};
    std::uint32_t task = 0;
    std::uint32_t cpu = 0;
    std::int64_t other = 0;  ///< the lock, CPU, priority or time it is about; of one that runs or expires the
                             ///< position in `reasons` from 1 on, 0 for none
};

/// What happened.
struct simulation {
    std::vector<job_result> jobs{};         ///< by arrival, then by task
    std::vector<segment> segments{};        ///< by end
    std::vector<event> events{};            ///< in order
    std::vector<policy::reason> reasons{};  ///< that events refer to
    std::vector<std::string> stuck{};       ///< who waits for a lock for ever, and why
    std::uint64_t event_count = 0;          ///< things that the simulator did
    std::uint64_t switches = 0;
    std::uint64_t migrations = 0;  ///< a task went on on another CPU
    duration overhead{};           ///< of switches
    duration busy{};               ///< of all CPUs, switches apart
    time begin{};                  ///< the first arrival
    time end{};
    int cpus = 1;
};

/// Runs a workload under a policy. The policy's times are those of the workload; its ids are positions in
/// `tasks`.
///
/// Throws: std::invalid_argument for a workload that cannot be (check()), a machine without CPUs, a task that
/// is wider than the machine, periodic tasks without an end that have no common period of reasonable
/// length, or times that add up to more than can be counted; invalid_state for a policy that ends slices
/// before their tasks run, again and again. Complexity: of the policy's, and logarithmic in the number of
/// CPUs and of tasks that wait.
HEDDLE_API simulation simulate(const workload& w, const policy::any_policy& p,
                               const simulation_options& options = {});

}  // namespace heddle::inline v0::sched
