// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace heddle::inline v0::check {

/// Where `output` first differs from the `expected` one, as a sentence with both lines; empty if it does not.
std::string output_difference(const std::string& expected, const std::string& output);

}  // namespace heddle::inline v0::check
