// SPDX-License-Identifier: BSL-1.0
#pragma once

// A failure as text for a terminal: the steps of its threads side by side, then what each waits for or where
// it failed, and how to see it again.

#include <check/explore/finding.hpp>
#include <check/explore/symbols.hpp>
#include <string>

namespace heddle::inline v0::check {

struct report_style {
    unsigned width = 100;  ///< columns of the terminal
    bool colour = false;
};

std::string report_text(const finding& f, const symbols& names, const report_style& style);

}  // namespace heddle::inline v0::check
