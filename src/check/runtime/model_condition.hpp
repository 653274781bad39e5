// SPDX-License-Identifier: BSL-1.0
#pragma once

// The conditions, as the threads of C11 need them too.

#include <pthread.h>
#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// As pthread_cond_wait() and so on, called from `pc`.
int wait_at_condition(thread& me, pthread_cond_t* c, pthread_mutex_t* m, const void* pc,
                      std::uint64_t deadline);
int signal_condition(thread& me, pthread_cond_t* c, bool all, const void* pc) noexcept;

}  // namespace heddle::inline v0::check::runtime
