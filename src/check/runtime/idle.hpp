// SPDX-License-Identifier: BSL-1.0
#pragma once

// What happens when no thread can go on: time passes, or the outside world is waited for.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// Makes something happen that may let a thread go on. @return false if nothing can: a deadlock.
bool wait_for_something(thread& me) noexcept;

/// Virtual time, in nanoseconds since the schedule began.
std::uint64_t virtual_now() noexcept;

/// The clocks begin at fixed moments, so that a program that prints the time prints the same in every
/// schedule.
inline constexpr std::uint64_t monotonic_begin = 1'000'000'000'000;         // 1,000 s after boot
inline constexpr std::uint64_t realtime_begin = 1'700'000'000'000'000'000;  // in November 2023

}  // namespace heddle::inline v0::check::runtime
