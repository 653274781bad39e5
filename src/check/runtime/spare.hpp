// SPDX-License-Identifier: BSL-1.0
#pragma once

// Spare threads, for the carrier. They are made in the server and sleep there. A copy of the server has their
// stacks, their thread-local storage and what libc keeps of them, but not their kernel threads; and that is
// all that the carrier needs: a thread of the program takes one without any system call.

#include <pthread.h>
#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// In the server, once: what a thread of the program does that the engine has chosen for the first time.
void prepare_spares(void* (*run)(thread&)) noexcept;

/// Makes as many that there are `n`. In the server: whoever makes them for fewer schedules, or one after the
/// other, gets the same addresses.
void make_spares(unsigned n) noexcept;

/// How many there are.
unsigned spares_made() noexcept;

/// In a copy of the server whose threads the carrier runs: there are spares.
void use_spares() noexcept;

/// Makes the new `t` one of the spares.
/// @return false if there is none, or none with these attributes (null: the usual ones)
bool take_spare(thread& t, const pthread_attr_t* attributes) noexcept;

}  // namespace heddle::inline v0::check::runtime
