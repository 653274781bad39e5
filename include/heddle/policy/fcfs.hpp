// SPDX-License-Identifier: BSL-1.0
#pragma once

// First come, first served: tasks run in the order in which they became ready, each until it waits or ends.
// It has the fewest switches and treats everybody alike, but short tasks stand behind long ones (the convoy
// effect): use round robin where the time to a first answer counts, and shortest job next where lengths are
// known.

#include <heddle/policy/ready_list.hpp>

namespace heddle::inline v0::policy {

/// First come, first served, for any kind of task id; see fcfs.
template <task_id Id = std::uint64_t> class basic_fcfs {
 public:
    using id_type = Id;

    /// `ties` decides between tasks that became ready at the same instant.
    explicit basic_fcfs(tie_break ties = tie_break::arrival_then_id)
        : list_(ties == tie_break::id ? tie_break::arrival_then_id : ties) {
    }  // the arrival is the rule itself

    void arrive(const task_info<Id>& task, time) { list_.add(list_.admit(task)); }

    std::optional<Id> pick(time, task_filter<Id> only = {}) {
        const auto* const item = list_.start_first(only);
        return item != nullptr ? std::optional<Id>(item->task.id) : std::nullopt;
    }

    static constexpr duration slice(const Id&, duration, time) { return unlimited; }
    static constexpr bool preempts(const Id&, duration, time) { return false; }

    /// One that yields queues as if it had just come; one that the driver interrupts keeps its place.
    void ran(const Id& id, duration, stop_reason why, time now) {
        auto& task = list_.stop(id);
        if (!still_ready(why)) return;
        if (why == stop_reason::yielded) {
            list_.behind(task, now);
        }
        list_.add(task);
    }

    /// For explanations.
    reason why_picked(const Id& id, time) const {
        return because("ready for longest, since", list_.running(id).since);
    }

    void leave(const Id& id, time) { list_.remove(id); }

 private:
    ready_list<Id> list_;
};

/// First come, first served.
using fcfs = basic_fcfs<>;
static_assert(scheduling_policy<fcfs>);

}  // namespace heddle::inline v0::policy
