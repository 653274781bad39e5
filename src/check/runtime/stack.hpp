// SPDX-License-Identifier: BSL-1.0
#pragma once

// Stacks of the checked program, for the report.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// Loads what unwinding needs, so that it does not happen in the middle of a schedule.
void prepare_stacks() noexcept;

/// Records the calling thread's stack from the frame that returns to `pc` outwards. @return its number, from
/// 1; it is in stacks[(number - 1) % max_stacks] until that many more have been recorded.
std::uint32_t record_stack(const void* pc) noexcept;

/// The same, of an instrumented access: from what the instrumentation says about calls, which is much faster.
std::uint32_t record_call_stack(const thread& me, const void* pc) noexcept;

}  // namespace heddle::inline v0::check::runtime
