// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace heddle::inline v0::cli {

/// Where libheddle_check.so is: beside the installed library, or in the build folder. HEDDLE_CHECK_RUNTIME
/// overrides. Throws: usage_error.
std::string runtime_path();

}  // namespace heddle::inline v0::cli
