// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where fibers get their stacks from: fresh mappings with a guard, and those that ended fibers have left. A
// stack that was used a moment ago is in the caches and has its pages, so the last one given back is the
// first one taken.

#include <heddle/rt/fiber.hpp>

namespace heddle::inline v0::rt::detail {

/// A stack of at least the wanted sizes. Throws std::system_error, naming the fiber, if there is no memory.
fiber_stack take_stack(const fiber_options& wanted);

/// Keeps a stack for later, without what it used beyond a little, and beyond its first pages if many are kept
/// already; or unmaps it.
void give_stack(const fiber_stack& stack) noexcept;

/// Gives back the memory of a stack that is not in use below `used`, or below what every stack may keep,
/// if it seems to have been used that deep.
void trim_stack(const fiber_stack& stack, const std::byte* used) noexcept;

}  // namespace heddle::inline v0::rt::detail
