// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the four kinds of strand cost on this machine: to create, to switch to, and in memory.

#include "statistics.hpp"

#include <string>
#include <vector>

namespace heddle::inline v0::cli {

struct strand_cost {
    std::string name;
    summary create;     // seconds, to make one and see it end
    summary change;     // seconds, to go on in another one, one way
    double memory = 0;  // bytes for each one that waits
};

struct calibration {
    std::vector<strand_cost> strands;  // thread, process, fiber, coroutine
};

/// Measures; takes about two seconds.
calibration calibrate();

}  // namespace heddle::inline v0::cli
