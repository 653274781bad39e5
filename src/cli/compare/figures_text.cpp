// SPDX-License-Identifier: BSL-1.0
#include "figures_text.hpp"

#include <fmt/format.h>

namespace heddle::inline v0::cli {

std::string duration_text(double s) {
    if (s >= 1) return fmt::format("{:.2f} s", s);
    if (s >= 1e-3) return fmt::format("{:.1f} ms", s * 1e3);
    if (s >= 1e-6) return fmt::format("{:.1f} us", s * 1e6);
    return fmt::format("{:.1f} ns", s * 1e9);
}

std::string memory_text(double bytes) {
    if (bytes >= 1e6) return fmt::format("{:.1f} MB", bytes / 1e6);
    if (bytes >= 1e3) return fmt::format("{:.1f} KB", bytes / 1e3);
    return fmt::format("{:.0f} B", bytes);
}

}  // namespace heddle::inline v0::cli
