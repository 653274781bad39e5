// SPDX-License-Identifier: BSL-1.0
#pragma once

// Those who add to a pool from outside, counted while they do: so that closing the pool ends that, and that
// the pool outlives them.

#include <atomic>
#include <cstdint>

namespace heddle::inline v0::detail {

/// Work that came from outside may run, and be the last that the pool was needed for, as soon as a worker can
/// take it; but who added it still has to see whether a worker is to be woken. So it is counted from before
/// it adds until it has done that, and the pool's destructor waits for it.
///
/// Calls come in by enter(), which is refused once the pool is closed; fibers that can go on by
/// enter_again(), which never is: they were accepted before. close() waits for the former, settle() for all.
///
/// Invariant: the low half of the word counts those who entered, the bits above it those who entered again;
/// `closed` is set once and stays. Who closes sets the bit and then waits for the count; who enters counts
/// itself and then looks at the bit, in one step each, so one of the two sees the other. enter() acquires
/// what was written before close(), leaving releases what was done inside to who waits.
class visitors {
 public:
    /// Counts the caller; false, and it is not counted, if the pool is closed.
    bool enter() noexcept {
        if ((word_.fetch_add(call, std::memory_order_acquire) & closed) == 0) return true;
        leave();
        return false;
    }
    void leave() noexcept { leave(call); }
    void enter_again() noexcept { word_.fetch_add(fiber, std::memory_order_relaxed); }
    void leave_again() noexcept { leave(fiber); }

    /// From now on enter() is refused. Returns when nobody is inside who was let in before.
    void close() noexcept;
    /// Returns when nobody is inside any more, after close() and when nobody will enter again.
    void settle() noexcept;

 private:
    static constexpr std::uint64_t call = 1;
    static constexpr std::uint64_t fiber = std::uint64_t{1} << 32;
    static constexpr std::uint64_t closed = std::uint64_t{1} << 63;
    static constexpr std::uint64_t calls = fiber - call;
    static constexpr std::uint64_t fibers = closed - fiber;

    void leave(std::uint64_t one) noexcept;
    void wait_for_none(std::uint64_t of) noexcept;

    alignas(64) std::atomic<std::uint64_t> word_{0};
};

}  // namespace heddle::inline v0::detail
