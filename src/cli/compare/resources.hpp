// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the kernel counts: CPU time, context switches, memory.

#include <sys/types.h>
#include <cstdint>
#include <vector>

namespace heddle::inline v0::cli {

/// CPU time and context switches of this process and of its children that have ended and been waited for.
struct usage {
    std::int64_t cpu_ns = 0;
    std::int64_t voluntary = 0;
    std::int64_t involuntary = 0;

    static usage now();
    friend usage operator-(const usage& a, const usage& b) {
        return {a.cpu_ns - b.cpu_ns, a.voluntary - b.voluntary, a.involuntary - b.involuntary};
    }
};

/// `root` and all its descendants that are alive.
std::vector<pid_t> process_tree(pid_t root);

/// Memory of `root` and all its descendants, in bytes: the sum of their proportional set sizes, so that a
/// page which several share counts once. Processes that end meanwhile count as nothing.
std::uint64_t memory_of_tree(pid_t root);

/// Memory of one process, as above.
std::uint64_t memory_of(pid_t pid);

}  // namespace heddle::inline v0::cli
