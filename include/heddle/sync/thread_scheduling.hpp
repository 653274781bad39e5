// SPDX-License-Identifier: BSL-1.0
#pragma once

// How the operating system chooses among threads: the class in which a thread is scheduled, its priority or
// niceness, its slice, and the CPUs that it may run on.

#include <sys/types.h>
#include <chrono>
#include <heddle/rt/config.hpp>
#include <vector>

namespace heddle::inline v0 {

/// The classes that Linux schedules threads in.
enum class scheduling_class {
    normal,       ///< a fair share, by niceness (SCHED_OTHER)
    batch,        ///< as normal, for work that need not react quickly (SCHED_BATCH)
    idle,         ///< only what others leave over (SCHED_IDLE)
    fifo,         ///< before all of the above, until it waits (SCHED_FIFO)
    round_robin,  ///< as fifo, with turns among equals (SCHED_RR)
    deadline,     ///< so much time before each moment that it is due (SCHED_DEADLINE)
};

/// What the operating system is asked for, or does.
struct thread_scheduling {
    scheduling_class kind = scheduling_class::normal;
    int priority = 0;                    ///< 1 … 99 for fifo and round_robin, 0 otherwise
    int nice = 0;                        ///< -20 … 19 for normal and batch
    std::chrono::nanoseconds runtime{};  ///< for deadline; for normal and batch, the slice: 0 for the default
    std::chrono::nanoseconds due{};      ///< for deadline: the time within which it is to have that
    std::chrono::nanoseconds period{};   ///< for deadline: how often; 0 for as often as it is due

    friend bool operator==(const thread_scheduling&, const thread_scheduling&) = default;
};

namespace detail {

/// What is set for the thread `native_id`, or the calling one for 0. @throws std::system_error that names the
/// thread, what was asked for and, where the right to it is missing, what gives that right;
/// std::invalid_argument for values that mean nothing in that class.
HEDDLE_API void set_scheduling(pid_t native_id, const thread_scheduling& how);
HEDDLE_API thread_scheduling scheduling_of(pid_t native_id);
/// The priority of its class: see thread::set_priority().
HEDDLE_API void set_priority(pid_t native_id, int priority);
HEDDLE_API void set_cpus(pid_t native_id, const std::vector<unsigned>& cpus);
HEDDLE_API std::vector<unsigned> cpus_of(pid_t native_id);

}  // namespace detail
}  // namespace heddle::inline v0
