// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/sched/workload.hpp>
#include <string_view>

namespace heddle::inline v0::sched {

/// A workload from a description: "poisson n=100 load=0.8 burst=10 seed=1", "bursty group=10", "heavy alpha=1.5",
/// "periodic n=5 load=0.9". The same description makes the same workload. Throws: std::invalid_argument that names the
/// word it did not understand.
workload generate(std::string_view description, int cpus);

}  // namespace heddle::inline v0::sched
