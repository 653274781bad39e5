// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the race detector remembers of each eight bytes of the program's memory: the last four accesses.

#include <cstddef>
#include <cstdint>

namespace heddle::inline v0::check::runtime {

enum shadow_flag : std::uint8_t { shadow_writes = 1, shadow_atomic = 2, shadow_frees = 4 };

struct shadow_cell {
    std::uint64_t pc : 48;
    std::uint64_t actor : 16;
    std::uint32_t clock;
    std::uint8_t mask;  // which of the eight bytes; 0: no access
    std::uint8_t flags;
    std::uint16_t unused;

    bool writes() const noexcept { return (flags & shadow_writes) != 0; }
    bool atomic() const noexcept { return (flags & shadow_atomic) != 0; }
    bool frees() const noexcept { return (flags & shadow_frees) != 0; }
};
static_assert(sizeof(shadow_cell) == 16);

inline constexpr unsigned shadow_cells = 4;

struct shadow {
    shadow_cell cells[shadow_cells];
    std::uint32_t next;
};

/// The shadow of the eight bytes at `address`, a multiple of 8.
shadow& shadow_of(std::uint64_t address) noexcept;

/// Forgets the accesses to a range.
void clear_shadow(std::uint64_t begin, std::size_t size) noexcept;

}  // namespace heddle::inline v0::check::runtime
