// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the running task may do about itself: a thread, a task of a pool, a fiber. A coroutine awaits
// heddle::yield() (io/) in place of this yield().

#include <heddle/rt/config.hpp>

namespace heddle::inline v0::this_task {

/// A point of cancellation; and a task of a policy_pool lets go of its worker if its slice is over or
/// another task is to displace it. Cheap enough for a loop of microseconds. Throws: cancelled.
HEDDLE_API void check();

/// Lets others run, if there are any that are ready, and goes on after them. A point of cancellation.
/// Blocks: the current task, for as long as others run. Throws: cancelled.
HEDDLE_API void yield();

}  // namespace heddle::inline v0::this_task
