// SPDX-License-Identifier: BSL-1.0
#pragma once

// Two tasks each write a word and then read the other's, and one of them at least has to see what the other
// has written (Dekker). Both need a full barrier between the two. Where one of them does it a thousand times
// as often, it leaves the barrier to the other, who has it carried out on every CPU. Source: membarrier(2);
// D. Dice, H. Huang, M. Yang, "Asymmetric Dekker synchronization" (2001).

#include <atomic>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

/// The side that does it often: keeps the compiler from changing the order of what is before and after.
inline void light_barrier() noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// The other side: when it returns, every thread of the process has made a full barrier since the call.
///
/// Complexity: a system call, which interrupts the CPUs that run other threads of the process; a microsecond
/// or a few. Only where has_heavy_barrier().
HEDDLE_API void heavy_barrier() noexcept;

/// Whether there is one: Linux 4.14, and no filter of system calls that keeps it back. Where there is none,
/// both sides have to use sequentially consistent operations. Does not change.
HEDDLE_API bool has_heavy_barrier() noexcept;

}  // namespace heddle::inline v0::rt
