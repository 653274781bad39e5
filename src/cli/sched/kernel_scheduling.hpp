// SPDX-License-Identifier: BSL-1.0
#pragma once

// How the kernel schedules a task, and changing it.

#include <cstdint>
#include <heddle/sched/workload.hpp>
#include <string>

namespace heddle::inline v0::cli {

struct kernel_attributes {
    sched::task_class kind = sched::task_class::fair;
    int nice = 0;
    int priority = 0;            ///< of real time, 1 to 99
    std::uint64_t slice = 0;     ///< ns: of fair tasks
    std::uint64_t period = 0;    ///< ns: of deadline tasks
    bool reset_on_fork = false;  ///< its children are ordinary again
    bool sets_slice = false;     ///< change_attributes(): to `slice`; otherwise whatever it has stays
};

/// The class in ps's words: TS, FF, RR, DLN, B, IDL.
const char* class_name(sched::task_class kind);

/// false if there is no such task, or the kernel does not say; `errno` says why.
bool read_attributes(int tid, kernel_attributes& a);
/// Changes all of them; false with `errno`.
bool write_attributes(int tid, const kernel_attributes& a);
/// Changes what differs, and nothing else: a slice that nobody has set goes on following the kernel's own.
/// false with `errno`.
bool change_attributes(int tid, const kernel_attributes& from, const kernel_attributes& to);

/// "fifo:10", "rr:10", "other:5", "batch", "idle", "slice:3ms". Throws: usage_error.
kernel_attributes attributes_from(const std::string& words, kernel_attributes now);

}  // namespace heddle::inline v0::cli
