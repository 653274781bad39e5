// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether it matters in which order two threads do what they have announced.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// Whether they touch the same memory or primitive and one of them changes it, or one of them has to do with
/// everything.
inline bool dependent(const operation& a, const operation& b) noexcept {
    if (a.global || b.global) return true;
    if (!a.writes && !b.writes) return false;
    const auto meet = [](const void* p, std::uint64_t p_size, const void* q, std::uint64_t q_size) {
        if (p == nullptr || q == nullptr) return false;
        return bits(p) < bits(q) + (q_size > 0 ? q_size : 1) && bits(q) < bits(p) + (p_size > 0 ? p_size : 1);
    };
    return meet(a.address, a.size, b.address, b.size) || meet(a.also, 0, b.address, b.size) ||
           meet(a.address, a.size, b.also, 0) || meet(a.also, 0, b.also, 0);
}

}  // namespace heddle::inline v0::check::runtime
