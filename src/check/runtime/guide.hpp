// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the explorer has laid down about the schedule: decision by decision, or as changes of thread at a
// thread's own steps.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

void begin_guide() noexcept;

/// The thread that the guide asks for, or null if it says nothing here.
thread* guided_thread(thread& me, thread* const* candidates, unsigned n) noexcept;

/// Whether the guide says which number; then it is in `value`.
bool guided_number(thread& me, std::uint64_t n, std::uint64_t& value) noexcept;

}  // namespace heddle::inline v0::check::runtime
