// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the two policies for tasks with deadlines have in common. For writing a policy; users need only
// earliest_deadline_first and rate_monotonic.

#include <heddle/policy/ready_list.hpp>

namespace heddle::inline v0::policy {

/// How a real-time policy is set up.
struct real_time_options {
    bool preemptive = true;
    tie_break ties = tie_break::arrival_then_id;
};

/// The smallest of a number that each task has runs; `Urgency` says which.
template <class Urgency, task_id Id> class by_urgency {
 public:
    using id_type = Id;

    explicit by_urgency(real_time_options options = {}) : options_(options), list_(options.ties) {}

    void arrive(const task_info<Id>& task, time) { list_.add(list_.admit(task, Urgency::of(task))); }

    std::optional<Id> pick(time, task_filter<Id> only = {}) {
        const auto* const item = list_.start_first(only);
        return item != nullptr ? std::optional<Id>(item->task.id) : std::nullopt;
    }

    static constexpr duration slice(const Id&, duration, time) { return unlimited; }
    bool preempts(const Id& id, duration, time, task_filter<Id> only = {}) const {
        if (!options_.preemptive) return false;
        const auto* const first = list_.first(only);
        return first != nullptr && first->rank < list_.running(id).rank;
    }

    /// The less urgent one.
    bool makes_way_before(const Id& a, duration, const Id& b, duration, time) const {
        return list_.running(a).rank > list_.running(b).rank;
    }

    /// One that yields goes behind those that are as urgent; one that was displaced keeps its place.
    void ran(const Id& id, duration, stop_reason why, time now) {
        auto& item = list_.stop(id);
        if (!still_ready(why)) return;
        if (why == stop_reason::yielded) {
            list_.behind(item, now);
        }
        list_.add(item);
    }

    /// For explanations.
    reason why_picked(const Id& id, time) const { return Urgency::because(list_.running(id).task); }

    void leave(const Id& id, time) { list_.remove(id); }

    /// A task's deadline or period is another one from now on.
    void adjust(const task_info<Id>& task, time) {
        auto* const item = list_.find(task.id);
        if (item == nullptr) return;
        auto* const ready = list_.withdraw(task.id);
        item->task.deadline = task.deadline;
        item->task.period = task.period;
        item->rank = Urgency::of(task);
        if (ready != nullptr) list_.add(*ready);
    }

 private:
    real_time_options options_;
    ready_list<Id> list_;
};

}  // namespace heddle::inline v0::policy
