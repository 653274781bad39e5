// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "result.hpp"
#include "workload.hpp"

#include <stdexcept>

namespace heddle::inline v0::cli {

/// The user pressed ^C; everything that was started has ended.
class interrupted_error : public std::runtime_error {
 public:
    interrupted_error() : std::runtime_error("interrupted") {}
};

/// Makes all runs and computes the figures. @throws interrupted_error
comparison compare(const compare_options& options, const workload& w);

/// The verb: makes the workload, compares, reports. @return the exit code
int run_compare(const compare_options& options);

}  // namespace heddle::inline v0::cli
