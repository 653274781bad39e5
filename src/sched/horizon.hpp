// SPDX-License-Identifier: BSL-1.0
#pragma once

// How far a simulation goes.

#include <heddle/sched/simulate.hpp>

namespace heddle::inline v0::sched {

/// No simulation goes further, and no task says a time that is longer: a quarter of what a time can be, so
/// that a few of them can be added.
inline constexpr time latest_time{longest_time};

/// Until when tasks come that come again for ever: as the options say, or until their arrivals have repeated
/// once. Where they do not all begin at once that is the second common period after the last has begun: what
/// happens then happens again. J. Leung and M. Merrill, Information Processing Letters 11(3), 1980.
///
/// Throws: std::invalid_argument if the periods have no common multiple of reasonable length, or if the times
/// of all that happens until then add up to more than can be counted.
time last_arrival(const workload& w, const simulation_options& options);

}  // namespace heddle::inline v0::sched
