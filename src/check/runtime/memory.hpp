// SPDX-License-Identifier: BSL-1.0
#pragma once

// What every instrumented access to memory does.

#include "detector.hpp"
#include "engine.hpp"
#include "hot.hpp"

namespace heddle::inline v0::check::runtime {

/// An ordinary access of instrumented code: a scheduling point if the orders say so, and looked at for races.
inline void touch(const void* address, std::uint32_t size, bool writes, const void* pc) noexcept {
    thread* const me = controlled();
    if (me == nullptr) return;
    if (flag(order_memory_points) && (!flag(order_hot_only) || is_hot(bits(pc)))) {
        take_turn(*me, {.what = writes ? action::write : action::read,
                        .writes = writes,
                        .address = reinterpret_cast<const void*>(bits(address) & ~std::uint64_t{7}),
                        .pc = pc,
                        .size = static_cast<std::uint8_t>(size)});
    }
    look_for_race(*me, {.address = address, .pc = pc, .size = size, .writes = writes, .atomic = false});
}

}  // namespace heddle::inline v0::check::runtime
