// SPDX-License-Identifier: BSL-1.0
#pragma once

// The hot instructions: those that access memory in conflict with another thread. Only they need to be
// scheduling points. The explorer finds them in a few schedules in which every access is one.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

inline void note_hot(std::uint64_t pc) noexcept {
    std::uint64_t* const hot = engine.shared->hot;
    for (std::size_t i = hot_slot(pc), n = 0; n < 256; i = (i + 1) % max_hot, ++n) {
        if (hot[i] == pc) return;
        if (hot[i] == 0) {
            hot[i] = pc;
            return;
        }
    }
}

inline bool is_hot(std::uint64_t pc) noexcept {
    const std::uint64_t* const hot = engine.shared->hot;
    for (std::size_t i = hot_slot(pc), n = 0; n < 256; i = (i + 1) % max_hot, ++n) {
        if (hot[i] == pc) return true;
        if (hot[i] == 0) return false;
    }
    return true;  // the table is full: too many points rather than too few
}

}  // namespace heddle::inline v0::check::runtime
