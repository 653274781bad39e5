// SPDX-License-Identifier: BSL-1.0
#pragma once

// Memory for tasks: small blocks that one thread takes and another gives back. Internal.

#include <cstddef>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::detail {

/// A block of `size` bytes, aligned for any ordinary object. From a list of the calling thread's own, so
/// without a lock or a read-modify-write in almost every case. @throws std::bad_alloc
HEDDLE_API void* take_block(std::size_t size);

/// Gives a block back, from whatever thread.
HEDDLE_API void give_block(void* block, std::size_t size) noexcept;

}  // namespace heddle::inline v0::detail
