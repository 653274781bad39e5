// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/sched/workload.hpp>

namespace heddle::inline v0::sched {

/// Looks at the tasks of a workload one by one, so that a reader can say at which line one is wrong.
class task_check {
 public:
    /// Throws: std::invalid_argument with the task's name.
    void take(const workload& w, const task_spec& t);

 private:
    std::int64_t work_ = 0;    // of all tasks
    std::int64_t latest_ = 0;  // when the last of them comes, or is due
};

}  // namespace heddle::inline v0::sched
