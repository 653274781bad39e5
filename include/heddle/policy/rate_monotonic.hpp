// SPDX-License-Identifier: BSL-1.0
#pragma once

// Rate monotonic: the ready task with the shortest period runs. No other fixed order of tasks meets deadlines
// that this one does not meet. n tasks are sure to meet theirs if they need no more than n(2^(1/n) − 1) of
// the CPU (69 % for many); earliest deadline first goes to 100 %. When there is too much to do, those with
// long periods are the ones that starve, which is known in advance. Tasks without a period run when no other
// is ready. C. Liu and J. Layland, JACM 20(1), 1973.

#include <heddle/policy/real_time.hpp>

namespace heddle::inline v0::policy {

/// How often a task comes.
struct period_urgency {
    template <class Id> static std::int64_t of(const task_info<Id>& task) {
        return task.period.value_or(duration::max()).count();
    }
    template <class Id> static reason because(const task_info<Id>& task) {
        if (!task.period) return policy::because("nobody has a period");
        return policy::because("the shortest period,", *task.period);
    }
};

/// Rate monotonic for any kind of task id; see rate_monotonic.
template <task_id Id = std::uint64_t> class basic_rate_monotonic : public by_urgency<period_urgency, Id> {
 public:
    using by_urgency<period_urgency, Id>::by_urgency;
};

/// Rate monotonic.
using rate_monotonic = basic_rate_monotonic<>;
static_assert(adjustable_policy<rate_monotonic>);

}  // namespace heddle::inline v0::policy
