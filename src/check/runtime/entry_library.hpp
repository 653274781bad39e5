// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the runtime offers to a program that is linked to it and explores a function of its own.

#include <check/channel.hpp>
#include <cstdint>

extern "C" {
/// Serves schedules until the explorer hangs up, and then ends the process; `socket` and the two descriptors
/// after it are as for a program that the command has started. Returns in each forked copy, with the engine
/// in control: what is explored is what the caller does then, up to heddle_check_end().
void heddle_check_serve(int socket, heddle::check::channel* shared);
/// Ends the schedule: nothing failed.
[[noreturn]] void heddle_check_end();
/// Ends the schedule with a verdict.
[[noreturn]] void heddle_check_fail(heddle::check::verdict how, const char* message);
/// Whether the calling thread is one of a schedule.
bool heddle_check_active();
/// A number below `n` that is part of the schedule.
std::uint64_t heddle_check_choose(std::uint64_t n);
}
