// SPDX-License-Identifier: BSL-1.0
#pragma once

// The priorities that the program gives to its threads. They matter where a policy says who goes on; in the
// kernel all threads are one.

#include <pthread.h>
#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// The new thread's: its creator's, or what the attributes say.
void begin_priority(const thread* parent, thread& t, const pthread_attr_t* attributes) noexcept;

/// Larger is more important: that of a real-time thread, which is above all others, or how little nice it is.
int own_priority(const thread& t) noexcept;

/// The same, or that of a thread which waits for a mutex that `t` holds and that passes on priorities.
int effective_priority(const thread& t) noexcept;

/// Fails the schedule if threads of lower priority than one that waits for a lock have kept the lock's owner,
/// whose priority is lower still, from going on for too long: a priority inversion. `chosen` goes on now.
void watch_for_inversion(thread& me, const thread& chosen) noexcept;

}  // namespace heddle::inline v0::check::runtime
