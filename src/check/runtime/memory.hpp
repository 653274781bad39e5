// SPDX-License-Identifier: BSL-1.0
#pragma once

// What every instrumented access to memory does.

#include "detector.hpp"
#include "engine.hpp"
#include "hot.hpp"

namespace heddle::inline v0::check::runtime {

/// An ordinary access of instrumented code: a scheduling point if the orders say so, and looked at for races.
/// `called`: by a function of libc that `pc` calls.
inline void touch(const void* address, std::uint32_t size, bool writes, const void* pc,
                  bool called = false) noexcept {
    thread* const me = engaged();
    if (me == nullptr) {
        if (jitter_on) jitter_at_memory();
        return;
    }
    if (flag(order_memory_points) && (!flag(order_hot_only) || is_hot(bits(pc)))) {
        const void* const granule = reinterpret_cast<const void*>(bits(address) & ~std::uint64_t{7});
        take_turn(*me, {.what = writes ? action::write : action::read,
                        .writes = writes,
                        .address = granule,
                        .pc = pc,
                        .size = static_cast<std::uint8_t>(size),
                        .offset = static_cast<std::uint8_t>(bits(address) & 7)});
        note_value(granule);
    }
    look_for_race(
        *me,
        {.address = address, .pc = pc, .size = size, .writes = writes, .atomic = false, .called = called});
}

/// Of a long range only so much is looked at: copying a megabyte must not take a second.
inline constexpr std::size_t longest_looked_at = 4096;

inline void touch_range(const void* begin, std::size_t size, bool writes, const void* pc,
                        bool called = false) noexcept {
    if (size == 0) return;
    touch(begin, static_cast<std::uint32_t>(size < longest_looked_at ? size : longest_looked_at), writes, pc,
          called);
}

}  // namespace heddle::inline v0::check::runtime
