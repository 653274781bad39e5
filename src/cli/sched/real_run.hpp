// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <heddle/sched/simulate.hpp>
#include <heddle/sched/workload.hpp>
#include <string>
#include <vector>

namespace heddle::inline v0::cli {

/// What really happened to the tasks of a workload.
struct real_run {
    sched::workload work{};    ///< what was run; of a command, what its trace says that it did
    sched::simulation run{};   ///< as the kernel did it
    std::int64_t foreign = 0;  ///< ns that others had the CPUs meanwhile
    std::int64_t stolen =
        0;  ///< ns that tasks had a CPU and did not compute: interrupts, a virtual machine's host
    std::size_t rebuilt = 0;  ///< switches that were not in the trace
};

/// Makes a process of each task, with its class, priority, nice value and CPUs, that computes and waits as it
/// says, and records what the kernel does. On CPUs 0 to n − 1 of those that this process may use, from the
/// last. Fair tasks have this slice, in ns; 0: the kernel's own. Throws: usage_error, and interrupted_error
/// when everything has ended and been put away.
real_run run_workload(const sched::workload& w, int cpus, std::uint64_t slice);

/// Runs a command with `cpus` CPUs, and records it and all that it starts. Throws: likewise.
real_run run_command(const std::vector<std::string>& command, int cpus);

}  // namespace heddle::inline v0::cli
