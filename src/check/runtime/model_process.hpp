// SPDX-License-Identifier: BSL-1.0
#pragma once

// Children, for those parts of the model that start them for the program.

#include <spawn.h>
#include <sys/types.h>
#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// The program starts a process, which runs uncontrolled.
void note_process() noexcept;

/// posix_spawn by libc. @return its error
int spawn_uncontrolled(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                       char* const* arguments) noexcept;

/// Waits for the end of this child, also where signals are handled meanwhile. @return its status, or -1
int wait_for_child(thread& me, pid_t pid, const void* pc);

}  // namespace heddle::inline v0::check::runtime
