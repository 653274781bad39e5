// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether the program was compiled with -fsanitize=thread.

namespace heddle::inline v0::check::runtime {

extern bool program_is_instrumented;

}  // namespace heddle::inline v0::check::runtime
