// SPDX-License-Identifier: BSL-1.0
#pragma once

// Virtual time as the program's clocks show it.

#include <time.h>
#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// A moment of `clock` in virtual time; never for one that is out of range.
std::uint64_t virtual_deadline(clockid_t clock, const timespec& until) noexcept;

/// `d` from now, in virtual time.
std::uint64_t virtual_after(const timespec& d) noexcept;

/// What `clock` shows now, in nanoseconds.
std::uint64_t virtual_clock(clockid_t clock) noexcept;

}  // namespace heddle::inline v0::check::runtime
