// SPDX-License-Identifier: BSL-1.0
#pragma once

// A failure that was found: what kind it is, and the schedule that shows it.

#include <check/explore/recording.hpp>
#include <cstdint>
#include <string>

namespace heddle::inline v0::check {

enum class failure_kind {
    none,
    crash,      ///< a signal
    assertion,  ///< assert(), abort()
    uncaught,   ///< an exception that nobody caught
    deadlock,
    lost_wakeup,
    misuse,  ///< unlock by a stranger, double lock, destroying a held lock …
    data_race,
    no_progress,     ///< it did not end within the limit of steps
    livelock,        ///< the same, and threads go round the same steps
    endless_spin,    ///< the same, and one waits in a loop
    starvation,      ///< the same, and one could go on, or waits in a loop, while others get on
    threads_left,    ///< exit with threads running
    requirement,     ///< a false check::require
    exit_status,     ///< it ended with a status other than 0
    output_differs,  ///< another output than in the first schedule
    priority_inversion,
    hang,  ///< it waits in a system call that is not controlled
};

const char* name_of(failure_kind k) noexcept;

/// What kind of failure a schedule is; none if it passed.
failure_kind classify(const recording& r) noexcept;

struct finding {
    failure_kind kind = failure_kind::none;
    std::string message;         ///< in one line
    std::uint64_t schedule = 0;  ///< the number, from 1, of the one that found it; 0: a replay
    std::string found_by;        ///< "pct 3, seed 17"
    unsigned preemptions = 0;    ///< after minimising
    recording shown;             ///< minimised, with stacks
    std::string replay_file{};   ///< where it was written; empty: nowhere
};

}  // namespace heddle::inline v0::check
