// SPDX-License-Identifier: BSL-1.0
#pragma once

// How many CPUs this process may keep busy: the number to size a pool by. The machine's own number of CPUs is
// the wrong one in a container with a CPU quota and under taskset, where it starts more workers than can run.

#include <heddle/rt/config.hpp>
#include <optional>
#include <string>

namespace heddle::inline v0::rt {

/// The number of CPUs that the calling thread may use: its affinity mask, limited by the cgroup CPU quotas
/// (v1 and v2, rounded up) of this process and of every group around it. At least 1. Under the checker, what
/// the checker says.
///
/// Not cached, so that a changed mask or quota is seen. Thread-safety: any thread. Throws: std::bad_alloc.
/// Complexity: reads a handful of files; ask once per pool, not once per task.
HEDDLE_API unsigned cpu_count();

namespace detail {

/// The smallest CPU quota, in whole CPUs rounded up, that holds for the process described by the file tree at
/// `root` (empty for the real one); nothing if there is no quota. What cannot be read or understood counts as
/// "no quota".
HEDDLE_API std::optional<unsigned> cgroup_cpu_limit(const std::string& root);

/// The number of CPUs in the calling thread's affinity mask; nothing if the kernel does not tell.
HEDDLE_API std::optional<unsigned> affinity_cpu_count();

}  // namespace detail
}  // namespace heddle::inline v0::rt
