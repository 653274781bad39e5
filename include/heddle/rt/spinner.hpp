// SPDX-License-Identifier: BSL-1.0
#pragma once

// Waiting for a moment without sleeping: worth it when the other side is running on another CPU, because a
// sleep and a wake-up cost more than most critical sections. Bounded in time, not in rounds: the length of a
// pause differs tenfold between CPUs.

#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

/// A bounded spin: `spinner s; while (!condition() && s.again()) {}`.
class HEDDLE_API spinner {
 public:
    /// Pauses; false once it is better to sleep, which with one CPU, and under the checker, is at once.
    bool again() noexcept;
    /// Pauses that often before the first look, but not for longer than a microsecond or two.
    void begin_patiently(std::size_t pauses) noexcept;

 private:
    int rounds_ = 0;
    deadline until_;
};

}  // namespace heddle::inline v0::rt
