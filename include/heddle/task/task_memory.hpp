// SPDX-License-Identifier: BSL-1.0
#pragma once

// Memory for tasks: small blocks that one thread takes and another gives back. Internal.

#include <cstddef>
#include <heddle/rt/config.hpp>
#include <new>

namespace heddle::inline v0::detail {

/// A block of `size` bytes, aligned for any ordinary object. From a list of the calling thread's own, so
/// without a lock or a read-modify-write in almost every case. @throws std::bad_alloc
HEDDLE_API void* take_block(std::size_t size);

/// Gives a block back, from whatever thread.
HEDDLE_API void give_block(void* block, std::size_t size) noexcept;

/// Base of what is made in such blocks, unless its members ask for more `alignment` than any ordinary object.
template <std::size_t alignment> struct in_blocks {
    static void* operator new(std::size_t size) {
        if constexpr (plain) return take_block(size);
        return ::operator new(size, std::align_val_t(alignment));
    }
    static void operator delete(void* memory, std::size_t size) noexcept {
        if constexpr (plain)
            give_block(memory, size);
        else
            ::operator delete(memory, size, std::align_val_t(alignment));
    }

 private:
    static constexpr bool plain = alignment <= alignof(std::max_align_t);
};

}  // namespace heddle::inline v0::detail
