// SPDX-License-Identifier: BSL-1.0
#pragma once

// Randomness that is the same in a replay.

#include <cstddef>

namespace heddle::inline v0::check::runtime {

void fill_with_random(void* begin, std::size_t size) noexcept;

}  // namespace heddle::inline v0::check::runtime
