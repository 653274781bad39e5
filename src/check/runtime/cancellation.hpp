// SPDX-License-Identifier: BSL-1.0
#pragma once

// pthread_cancel. A request is delivered at the next wait that is a cancellation point, as a forced unwinding
// by libc's own pthread_exit.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// Leaves the thread if it has been cancelled and has not switched that off.
void leave_if_cancelled(thread& me);

/// Whether a wait of `t` is to end because it has been cancelled.
bool must_leave(const thread& t) noexcept;

}  // namespace heddle::inline v0::check::runtime
