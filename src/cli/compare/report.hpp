// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "calibrate.hpp"
#include "figures_text.hpp"
#include "result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace heddle::inline v0::cli {

/// The table and the verdict, for people.
std::string text_report(const comparison& c, const std::optional<verdict>& v);

/// One JSON object; docs/compare.md lists its keys.
std::string json_report(const comparison& c, const std::optional<verdict>& v,
                        const std::optional<calibration>& costs);

/// A page that needs nothing else: table, charts, timeline.
std::string html_report(const comparison& c, const std::optional<verdict>& v,
                        const std::optional<calibration>& costs);

/// The costs measured here and the decision table, for people.
std::string explanation(const comparison& c, const calibration& costs);

/// The items of the first run by strand, each in the order of time. Coroutines share a thread: they are put
/// into as few rows as show them without overlap, which is how many were in flight.
std::vector<std::vector<span>> strands_of(const model_result& m);

/// Who ran what when, `width` columns wide: a row for each thread or process, a pair of brackets for each
/// item.
std::string timeline(const comparison& c, unsigned width);

}  // namespace heddle::inline v0::cli
