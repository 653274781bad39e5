// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <vector>

namespace heddle::inline v0::cli {

/// Median and range of some measurements.
struct summary {
    double median = 0;
    double min = 0;
    double max = 0;
};

/// Zeroes if there are none.
summary summarise(std::vector<double> values);

/// The value that p of 100 values do not exceed, by the nearest rank; 0 if there are none.
double percentile(std::vector<double> values, double p);

}  // namespace heddle::inline v0::cli
