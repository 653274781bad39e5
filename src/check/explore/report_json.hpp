// SPDX-License-Identifier: BSL-1.0
#pragma once

// A failure as JSON, with everything that the text shows and all steps. docs/checker.md describes it.

#include <check/explore/finding.hpp>
#include <check/explore/symbols.hpp>
#include <string>

namespace heddle::inline v0::check {

std::string report_json(const finding& f, const symbols& names);

}  // namespace heddle::inline v0::check
