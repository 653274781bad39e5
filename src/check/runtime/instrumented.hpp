// SPDX-License-Identifier: BSL-1.0
#pragma once

// Whether the program was compiled with -fsanitize=thread, and which parts of it.

#include <cstdint>

namespace heddle::inline v0::check::runtime {

extern bool program_is_instrumented;

/// Code that returns to `pc` is instrumented, and so is the file that it is in.
void note_instrumented(const void* pc) noexcept;

/// Whether `pc` is in a file (program or shared object) that holds instrumented code, or in the C++ library:
/// what that does to memory, such as a std::string's, it does for its caller.
bool is_instrumented(std::uint64_t pc) noexcept;

}  // namespace heddle::inline v0::check::runtime
