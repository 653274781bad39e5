// SPDX-License-Identifier: BSL-1.0
#pragma once

// Memory of the runtime's own: never given back, zero at first, and apart from the program's heap.

#include <cstddef>

namespace heddle::inline v0::check::runtime {

/// How large tables are aligned. The linker places what is aligned to more first, so that all that is small
/// lies together: every schedule pays for each page that it changes.
inline constexpr std::size_t page_size = 4096;

/// Reserves the arena's addresses, which every copy of the process then has. Once, before the first schedule.
void prepare_arena() noexcept;

/// Where it is: what is used ends at `used`, and nothing is there if it could not be reserved.
struct memory_of_arena {
    const char* begin;
    const char* used;
    const char* end;
};
memory_of_arena arena_memory() noexcept;

/// `size` zeroed bytes on a boundary of 64. Ends the schedule if there is no memory.
void* from_arena(std::size_t size) noexcept;

}  // namespace heddle::inline v0::check::runtime
