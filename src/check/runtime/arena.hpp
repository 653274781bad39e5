// SPDX-License-Identifier: BSL-1.0
#pragma once

// Memory of the runtime's own: never given back, zero at first, and apart from the program's heap.

#include <cstddef>

namespace heddle::inline v0::check::runtime {

/// `size` zeroed bytes on a boundary of 64. Ends the schedule if there is no memory.
void* from_arena(std::size_t size) noexcept;

}  // namespace heddle::inline v0::check::runtime
