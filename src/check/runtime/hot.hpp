// SPDX-License-Identifier: BSL-1.0
#pragma once

// The hot instructions: those that access memory in conflict with another thread. Only they need to be
// scheduling points. The explorer finds them in a few schedules in which every access is one.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

inline bool is_hot(std::uint64_t pc) noexcept {
    const std::uint64_t* const hot = engine.shared->hot;
    for (std::size_t i = hot_slot(pc), n = 0; n < 256; i = (i + 1) % max_hot, ++n) {
        if (hot[i] == pc) return true;
        if (hot[i] == 0) return false;
    }
    return true;  // the table is full: too many points rather than too few
}

inline void note_conflict(std::uint64_t pc) noexcept {
    channel& c = *engine.shared;
    if (is_hot(pc) || c.n_met == max_met) return;
    for (std::uint32_t i = 0; i < c.n_met; ++i)
        if (c.met[i] == pc) return;
    c.met[c.n_met++] = pc;
}

}  // namespace heddle::inline v0::check::runtime
