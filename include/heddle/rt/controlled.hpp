// SPDX-License-Identifier: BSL-1.0
#pragma once

// What code that waits asks the checker: whether it is in charge, and, where the order of things is nobody's
// promise, which comes first. Not for hot paths: ask where waiting has begun.

#include <cstddef>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

/// Whether the checker decides when the calling thread goes on. Then one thread runs at a time: spinning
/// until another has done something only makes a schedule longer. Complexity: a load and, under the checker,
/// a call.
HEDDLE_API bool controlled() noexcept;

/// A number from 0 to n-1 that is part of the schedule; 0 where nobody is in charge, or n is 0.
HEDDLE_API std::size_t choose_below(std::size_t n) noexcept;

}  // namespace heddle::inline v0::rt
