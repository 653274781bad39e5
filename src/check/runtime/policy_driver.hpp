// SPDX-License-Identifier: BSL-1.0
#pragma once

// strategy_kind::policy: a scheduling policy of heddle/policy/ says who goes on, as if the program ran on one
// CPU under it. It is told what a policy is told: who becomes ready and who stops and why, in virtual time.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// Once, if the orders are to follow a policy.
void begin_policy() noexcept;

/// Whom of the `n` >= 1 candidates the policy wants to go on. Called at every step, also where there is no
/// choice.
thread* thread_by_policy(thread& me, thread* const* candidates, unsigned n) noexcept;

}  // namespace heddle::inline v0::check::runtime
