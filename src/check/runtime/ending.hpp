// SPDX-License-Identifier: BSL-1.0
#pragma once

// How the program ends by itself: exit, abort, the end of the main thread.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// The main thread calls pthread_exit: the others go on, and the last one ends the process.
[[noreturn]] void end_main_thread(thread& me) noexcept;

/// Ends the schedule as the end of main does, without the destructors of static objects.
[[noreturn]] void end_schedule(thread& me, const void* pc) noexcept;

/// Once, before the first schedule of this process.
void prepare_threads() noexcept;

/// Joins the kernel threads of detached threads that are over.
void collect_detached() noexcept;

}  // namespace heddle::inline v0::check::runtime
