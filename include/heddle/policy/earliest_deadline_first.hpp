// SPDX-License-Identifier: BSL-1.0
#pragma once

// Earliest deadline first: the ready task whose deadline is next runs. On one CPU, if any rule meets all
// deadlines, this one does; periodic tasks whose deadline is their period meet theirs as long as they need no
// more than all of the CPU. When there is too much to do, whom it fails cannot be told in advance, and one
// late task can make all others late: use rate monotonic where it must be the unimportant ones. Tasks without
// a deadline run when no other is ready. C. Liu and J. Layland, JACM 20(1), 1973.

#include <heddle/policy/real_time.hpp>

namespace heddle::inline v0::policy {

/// The time by which a task has to be done.
struct deadline_urgency {
    template <class Id> static std::int64_t of(const task_info<Id>& task) {
        return task.deadline.value_or(time::max()).time_since_epoch().count();
    }
    template <class Id> static reason because(const task_info<Id>& task) {
        if (!task.deadline) return policy::because("nobody has a deadline");
        return policy::because("the earliest deadline,", *task.deadline);
    }
};

/// Earliest deadline first for any kind of task id; see earliest_deadline_first.
template <task_id Id = std::uint64_t>
class basic_earliest_deadline_first : public by_urgency<deadline_urgency, Id> {
 public:
    using by_urgency<deadline_urgency, Id>::by_urgency;
};

/// Earliest deadline first.
using earliest_deadline_first = basic_earliest_deadline_first<>;
static_assert(adjustable_policy<earliest_deadline_first>);

}  // namespace heddle::inline v0::policy
