// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/policy/any_policy.hpp>
#include <heddle/sched/workload.hpp>
#include <string>

namespace heddle::inline v0::cli {

/// A burst that is a whole number of quanta ends in its last quantum in a simulation, and hardly ever on a
/// machine: a little more, and it has to wait for everybody once more. A warning about the tasks for which
/// that is so under the policy that `name` describes and `rule` is; empty if there is none, or where times
/// are not real ones.
std::string cliff_warning(const sched::workload& w, const std::string& name, const policy::any_policy& rule);

}  // namespace heddle::inline v0::cli
