// SPDX-License-Identifier: BSL-1.0
#pragma once

// One forked copy for many schedules: when a schedule has ended and the process has nothing but other memory
// than at the beginning, the memory is given back and the next schedule begins. A fork, its page faults and
// its end cost several times as much as a schedule of a small program.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// In the server, once: sets addresses aside, so that all copies have the same ones left.
void prepare_rewinding() noexcept;

/// In a new copy, at the place where its first schedule begins: returns there for each further one that the
/// explorer asks for at `socket`. Where the copy cannot tell whether a schedule has done more than change
/// memory, and after one that has, it ends as copies do.
void begin_rewinding(int socket, channel& shared) noexcept;

}  // namespace heddle::inline v0::check::runtime
