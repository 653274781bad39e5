// SPDX-License-Identifier: BSL-1.0
#pragma once

// heddle::check: the engine of `heddle check` for tests of a few threads. Link heddle::check, and let
// heddle_check(TARGET) instrument the test.

#include <functional>
#include <heddle/check/body.hpp>
#include <heddle/check/options.hpp>
#include <heddle/check/report.hpp>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::check {

/// Runs `body` again and again, each time under another order of its threads, until one fails: an exception,
/// a false require() or assert(), a crash, a deadlock, a lost wake-up, a data race, no progress.
///
/// Each run is in a forked child, so that nothing is left for the next one. What the body starts must be over
/// when it returns. It must do the same when it is run in the same order: time and random numbers of the
/// system are replaced while it runs, files and sockets are not.
///
/// Blocks: the calling thread. Thread-safety: by one thread at a time; the others of the process do not exist
/// for the body. Throws: std::invalid_argument for a schedule limit of 0 and for a range of CPUs that is
/// empty or has 0; invalid_state when called from within a body; heddle::error when the body does what cannot
/// be controlled; std::system_error.
HEDDLE_API report explore(const std::function<void()>& body, const options& how = {});

}  // namespace heddle::inline v0::check
