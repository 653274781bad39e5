// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/policy/any_policy.hpp>
#include <heddle/sched/simulate.hpp>
#include <heddle/sched/workload.hpp>

namespace heddle::inline v0::cli {

/// A policy whose unit of time lasts longer than a nanosecond, for those who count nanoseconds.
policy::any_policy in_units_of(policy::duration unit, policy::any_policy rule);

/// Runs the jobs of a prediction for real, in a policy_pool: what computes keeps a CPU busy for as long, and
/// looks many times in a millisecond whether it is to let go. Times are nanoseconds. Gives what happened, as
/// simulate() would. What has not ended at `until` stops there. Throws: usage_error for what only a
/// simulation can do, and std::runtime_error, when four times what was predicted and `patience` are over, for
/// tasks that wait for each other for ever.
sched::simulation run_in_pool(const sched::workload& w, const sched::simulation& predicted,
                              const policy::any_policy& rule, int cpus,
                              policy::time until = policy::time::max(),
                              policy::duration patience = std::chrono::seconds(10));

}  // namespace heddle::inline v0::cli
