// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the kernel's scheduler did, as its tracepoints tell it.

#include <cstdint>
#include <heddle/sched/workload.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::inline v0::sched {

/// One line of a trace: a CPU goes from one task to another, or a task wakes.
struct trace_event {
    std::int64_t at = 0;  ///< nanoseconds
    std::uint32_t cpu = 0;
    bool wakes = false;
    int pid = 0;         ///< that wakes, or runs next; 0: idle
    int priority = 120;  ///< of it, as the kernel counts: 0 to 99 real time, 100 to 139 nice
    int previous = 0;    ///< that ran before
    int previous_priority = 120;
    bool still_ready = false;  ///< the previous one was interrupted
    std::string_view comm{};
    std::string_view previous_comm{};
};

/// A task of a trace, and when it was on a CPU.
struct traced_task {
    int pid = 0;
    std::string name{};
    int priority = 120;
    struct span {
        std::int64_t begin = 0;
        std::int64_t end = 0;
        std::uint32_t cpu = 0;
        bool interrupted = false;  ///< it was still ready at the end
        bool guessed = false;      ///< the end is not in the trace
    };
    std::vector<span> spans{};
    std::vector<std::int64_t> wakes{};
    std::int64_t first_seen = 0;
};

struct trace {
    std::vector<traced_task> tasks{};  ///< in the order in which they are first seen
    std::int64_t begin = 0;
    std::int64_t end = 0;
    int cpus = 1;
    std::size_t rebuilt =
        0;  ///< switches that were not in it: a task runs without having been switched to, or no more
    bool lost = false;  ///< the kernel says that there were more events
};

/// The text of `perf sched script`, `perf script` or the kernel's trace file. Throws: input_error.
trace parse_trace(std::string_view text, const std::string& name);

/// What the tasks of a trace did, as a workload: runs and waits.
workload workload_of(const trace& t);

}  // namespace heddle::inline v0::sched
