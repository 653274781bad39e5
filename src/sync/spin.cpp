// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/detail/wait.hpp>

namespace heddle::inline v0::detail {

void brief_wait::again() noexcept {
    if (spinning_ && (spinning_ = spinner_.again())) return;
    // Nobody wakes it: the other must not be made to look for those who wait for these few instructions.
    // Under the checker each step takes time, and a worker with many steps would never sleep between two such
    // naps.
    const std::chrono::microseconds nap{rt::controlled() ? 10'000 : 50};
    try {
        rt::park(this, [] { return true; }, rt::deadline::after(nap));
    } catch (const std::bad_alloc&) {
        // No memory for a timer: then without a pause.
    }
}

suspends here() noexcept {
    return rt::fiber_task::current() != nullptr ? suspends::yes : suspends::no;
}

}  // namespace heddle::inline v0::detail
