// SPDX-License-Identifier: BSL-1.0
#pragma once

// Figures as people write them.

#include <string>

namespace heddle::inline v0::cli {

/// 12.3 ms, 4.56 s.
std::string duration_text(double seconds);

/// 812 B, 4.1 KB, 31.9 MB.
std::string memory_text(double bytes);

}  // namespace heddle::inline v0::cli
