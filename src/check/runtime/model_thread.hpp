// SPDX-License-Identifier: BSL-1.0
#pragma once

// Threads, as those of C11 need them too.

#include <pthread.h>
#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// The thread alive, or not joined yet, that libc calls `handle`; null if there is none.
thread* find_thread(pthread_t handle) noexcept;

/// As pthread_create() and pthread_join(), called from `pc`.
int create_thread(thread& me, pthread_t* handle, const pthread_attr_t* attributes, void* (*start)(void*),
                  void* argument, const void* pc);
int join_thread(thread& me, pthread_t handle, void** result, const void* pc, std::uint64_t deadline);

}  // namespace heddle::inline v0::check::runtime
