// SPDX-License-Identifier: BSL-1.0
#pragma once

// The signals that were sent and not received yet.

#include <signal.h>
#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// For the thread `to`, or for the process if that is null. As in the kernel, one that is pending already is
/// not pending twice, unless it is one of the real-time signals. @return false if there are too many.
bool queue_signal(thread* to, int number, int code, sigval value) noexcept;

/// The first of this number for `me`, or else for the process, which is there no longer.
void take_signal(thread& me, int number, siginfo_t& info) noexcept;

/// None is pending for `t`.
void forget_signals(const thread& t) noexcept;

/// What stands for the signal with the race detector: sending it happens before receiving it.
const char& signal_object(int number) noexcept;

}  // namespace heddle::inline v0::check::runtime
