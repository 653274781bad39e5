// SPDX-License-Identifier: BSL-1.0
#pragma once

// How a worker process comes to be. A process_pool starts this same program once more, as its fork server;
// that one must not run main() but serve. The library sees to it by itself, with a hook around main(), after
// static initialisation.

#include <heddle/rt/config.hpp>

namespace heddle::inline v0 {

/// Serves and never returns in a process that a process_pool started; returns at once in every other.
///
/// Call it first thing in main() only where the hook cannot work: when libheddle is loaded with dlopen(),
/// comes with another shared library and not with the program itself, or is linked into a program without
/// shared libraries. There a process_pool says so. Environment: such a process finds HEDDLE_FORK_SERVER set,
/// and unsets it.
HEDDLE_API void process_main();

}  // namespace heddle::inline v0
