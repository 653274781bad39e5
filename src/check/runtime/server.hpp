// SPDX-License-Identifier: BSL-1.0
#pragma once

// The fork server: the program, ready to begin, makes a copy of itself for each schedule that the explorer
// asks for.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// If the explorer started this program: serves until it hangs up, and then ends the process. Returns in each
/// forked copy, with the engine in control, and at once in a program that nobody checks.
void serve_schedules();

/// The same with a socket and shared memory that the caller has: the library form.
void serve_schedules(int socket, channel& shared);

}  // namespace heddle::inline v0::check::runtime
