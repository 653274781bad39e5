// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/fair_mutex.hpp>

namespace heddle::inline v0 {

detail::fair_lock::fair_lock(fair_mutex& m, rt::deadline until, rt::cancellation mode,
                             suspends /*kind*/) noexcept
    : queue_lock_wait(m.lock_, "fair_mutex", until, mode) {}

// No spinning before it is queued: two who spin would not be served in the order of asking.
bool fair_mutex::lock_slow(rt::deadline until, rt::cancellation mode) {
    detail::fair_lock op(*this, until, mode, detail::suspends::no);
    if (detail::diagnosing_locks()) [[unlikely]]
        if (op.ready()) return true;
    detail::wait_here(op);
    if (op.cancelled()) throw cancelled();
    return op.granted();
}

}  // namespace heddle::inline v0
