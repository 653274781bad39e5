// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace heddle::inline v0::policy {

namespace detail {
inline constexpr std::array<std::uint32_t, 40> nice_weights{
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904,
    3906,  3121,  2501,  1991,  1586,  1277,  1024,  820,   655,   526,   423,  335,  272,  215,
    172,   137,   110,   87,    70,    56,    45,    36,    29,    23,    18,   15};
}  // namespace detail

/// The weight that Linux gives a nice value, −20 to 19: a step is a quarter more or less, so that of two
/// tasks the one a step nicer gets a tenth of the CPU less. Source: sched_prio_to_weight,
/// kernel/sched/core.c.
constexpr std::uint32_t nice_weight(int nice) noexcept {
    return detail::nice_weights[static_cast<std::size_t>(std::clamp(nice, -20, 19) + 20)];
}

/// The weight of a task of SCHED_IDLE, whatever its nice value. Source: WEIGHT_IDLEPRIO,
/// kernel/sched/sched.h.
inline constexpr std::uint32_t idle_weight = 3;

}  // namespace heddle::inline v0::policy
