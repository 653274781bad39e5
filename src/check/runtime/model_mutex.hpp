// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the conditions, and the threads of C11, need of the mutexes.

#include <pthread.h>
#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

bool mutex_is_free(const thread& t) noexcept;
void own_mutex(thread& me, object& o, std::uint32_t count) noexcept;
/// @return how often it was held.
std::uint32_t disown_mutex(thread& me, object& o) noexcept;

/// As pthread_mutex_lock() and so on, called from `pc`.
int lock_mutex(thread& me, pthread_mutex_t* m, const void* pc, std::uint64_t deadline) noexcept;
int try_lock_mutex(thread& me, pthread_mutex_t* m, const void* pc) noexcept;
int unlock_mutex(thread& me, pthread_mutex_t* m, const void* pc) noexcept;

/// Where memory is not a point, what follows a release needs one before it: otherwise nobody could come
/// between the release and what the thread does next without a lock.
void point_after_release(thread& me, const void* address, const void* pc) noexcept;

}  // namespace heddle::inline v0::check::runtime
