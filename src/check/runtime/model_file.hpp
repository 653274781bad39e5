// SPDX-License-Identifier: BSL-1.0
#pragma once

// Calls that wait for files are made for real once it is known that they will not wait; until then the thread
// is one that cannot go on.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// Waits until `ready` says that what is outside is there. `what` is for `ready`, which finds it in
/// pending.value. @return false, with EINTR, if a signal's handler has been called instead
bool wait_for_outside(thread& me, ready_function ready, const void* what, interruption by,
                      std::uint64_t deadline, const void* pc);

/// What `me` does before it sends happens before what others do after they have received: for the race
/// detector. A file and those that talk with it (the other end of a pipe, all sockets) are one.
void note_sent(thread& me, int fd) noexcept;
void note_received(thread& me, int fd) noexcept;

/// Before a call on one file that waits unless the file, or `never_waits`, says otherwise; notes what it
/// sends or receives. @return false, with EINTR, if a signal's handler has been called instead
bool wait_for_file(thread& me, int fd, short events, bool never_waits, const void* pc);

}  // namespace heddle::inline v0::check::runtime
