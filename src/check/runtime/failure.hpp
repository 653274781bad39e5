// SPDX-License-Identifier: BSL-1.0
#pragma once

// How a schedule ends that found something: the facts go to the shared memory, and the process ends.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// The exit status of a process that the runtime ended itself.
inline constexpr int ended_by_runtime = 97;

/// Ends the schedule and the process. `who` is the thread at fault, or null.
[[noreturn]] void fail(thread* who, verdict how, const char* message) noexcept;
/// The same with a message of three parts.
[[noreturn]] void fail(thread* who, verdict how, const char* a, const char* b, const char* c) noexcept;

[[noreturn]] void fail_in_deadlock(thread& me) noexcept;
[[noreturn]] void fail_without_progress(thread& me) noexcept;

/// Notes how the schedule is about to end by itself: an abort, a signal. Does not end it.
void record_failure(thread* who, verdict how, const char* message, int detail = 0) noexcept;

/// Sees the signals of a crash, once a schedule runs.
void watch_signals() noexcept;

}  // namespace heddle::inline v0::check::runtime
