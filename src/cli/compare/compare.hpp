// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "result.hpp"
#include "workload.hpp"

namespace heddle::inline v0::cli {

/// Makes all runs and computes the figures. @throws interrupted_error
comparison compare(const compare_options& options, const workload& w);

/// The verb: makes the workload, compares, reports. @return the exit code
int run_compare(const compare_options& options);

}  // namespace heddle::inline v0::cli
