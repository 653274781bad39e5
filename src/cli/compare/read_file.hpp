// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace heddle::inline v0::cli {

/// Reads a file piece by piece until the end or until `take` returns false.
/// @return why it could not be read, in one line; empty if it could.
std::string read_file(const std::string& path, const std::function<bool(std::string_view)>& take);

}  // namespace heddle::inline v0::cli
