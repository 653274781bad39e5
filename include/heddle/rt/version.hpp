// SPDX-License-Identifier: BSL-1.0
#pragma once

// The version of the library that the program runs with, which for a shared library may be newer than the
// headers that the program was compiled with. For the version of the headers, at compile time, use
// HEDDLE_VERSION of <heddle/rt/config.hpp>.

#include <heddle/rt/config.hpp>

namespace heddle::inline v0 {

/// The version of the linked library, as in "0.1.0".
[[nodiscard]] HEDDLE_API const char* version() noexcept;

}  // namespace heddle::inline v0
