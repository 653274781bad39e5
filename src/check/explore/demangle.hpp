// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace heddle::inline v0::check {

/// A linker's name as it is written in the source: `bank::transfer` for `_ZN4bank8transferEii`. Without
/// parameters and result.
std::string demangle(const char* mangled);

}  // namespace heddle::inline v0::check
