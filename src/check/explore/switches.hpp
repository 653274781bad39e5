// SPDX-License-Identifier: BSL-1.0
#pragma once

// A schedule as the choices in which it differs from the one where every thread goes on as long as it can
// (strategy_kind::first), each at a step of the thread that it takes away from. In this form a schedule can
// be changed: without one of its choices it is still a schedule.

#include <check/explore/recording.hpp>
#include <vector>

namespace heddle::inline v0::check {

/// The changes of thread, and the numbers chosen, of a schedule that was run.
std::vector<guide_switch> switches_of(const recording& r);

/// How often a thread was stopped although it could have gone on.
unsigned preemptions_of(const recording& r) noexcept;

/// Orders for exactly these switches, otherwise as `base`; the guide is written into `server`'s channel.
void order_switches(schedule_server& server, const orders& base, const std::vector<guide_switch>& switches);

}  // namespace heddle::inline v0::check
