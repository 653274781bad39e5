// SPDX-License-Identifier: BSL-1.0
#pragma once

// What locks tell lock diagnosis, while it is on; see <heddle/sync/diagnose.hpp>.

#include <atomic>
#include <cstdint>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::detail {

/// 0, or while locks are diagnosed a bit that the word of a mutex never has: whoever expects a free mutex to
/// be this then does not find it so, and looks closer. One for the process: defined in process_wide.S.
// relaxed everywhere: a task that sees the change late is one that came before it.
HEDDLE_API extern std::atomic<std::uint32_t> diagnosing asm("heddle_0_1_diagnosing");
inline constexpr std::uint32_t diagnosing_bit = std::uint32_t{1} << 31;

inline bool diagnosing_locks() noexcept {
    return diagnosing.load(std::memory_order_relaxed) != 0;
}

/// A lock, and how it is asked for.
struct lock_site {
    const void* address;
    const char* kind;
    const char* name;  // null if it has none
    bool shared = false;
};

/// The current task is about to take a lock, for which it may wait: `limited` says whether not for ever.
HEDDLE_API void diagnose_before(const lock_site& site, bool limited) noexcept;
/// It is going to wait for it. @throws deadlock_error if that would be for ever and such are thrown.
HEDDLE_API void diagnose_wait(const lock_site& site, bool limited);
/// A wait, for whatever it is, would block the thread: says so if that holds up a loop. @throws as above, if
/// it is for a lock whose holder needs this thread.
HEDDLE_API void diagnose_blocking(const lock_site& site);
/// It has the lock.
HEDDLE_API void diagnose_locked(const lock_site& site) noexcept;
/// It has given up waiting.
HEDDLE_API void diagnose_gave_up() noexcept;
/// It is about to give the lock back.
HEDDLE_API void diagnose_unlocked(const void* address, bool shared = false) noexcept;
/// The lock is being destroyed.
HEDDLE_API void diagnose_destroyed(const void* address) noexcept;
/// It is going to wait for the end of another task, or has done so. @throws as diagnose_wait().
HEDDLE_API void diagnose_join(std::uint64_t task, const char* name);

}  // namespace heddle::inline v0::detail
