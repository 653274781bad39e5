// SPDX-License-Identifier: BSL-1.0
#pragma once

// The library that draws the charts of the report page, kept inside the command so that a page works without
// a network.

#include <string_view>

namespace heddle::inline v0::cli {

/// The minified source of Chart.js (MIT licence, stated in its first lines), as found on the machine that
/// built the command.
extern const std::string_view chart_js;

}  // namespace heddle::inline v0::cli
