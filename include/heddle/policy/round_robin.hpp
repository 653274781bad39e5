// SPDX-License-Identifier: BSL-1.0
#pragma once

// Round robin: tasks run in turn, each for at most a quantum, then it queues again behind the others. Nobody
// waits longer than the others' quanta, so answers begin early; the price is a switch per quantum, and equal
// tasks all end late. Use first come, first served for work that nobody watches, and fair share where tasks
// are to get different shares.

#include <heddle/policy/ready_list.hpp>
#include <stdexcept>

namespace heddle::inline v0::policy {

/// Where a task queues that arrives at the very instant a quantum ends. Textbooks disagree.
enum class arrival_at_expiry { before_expired, after_expired };

/// How round robin is set up.
struct round_robin_options {
    duration quantum{};
    arrival_at_expiry at_expiry = arrival_at_expiry::before_expired;
    tie_break ties = tie_break::arrival_then_id;  ///< between tasks that became ready at the same instant
};

/// Round robin for any kind of task id; see round_robin.
template <task_id Id = std::uint64_t> class basic_round_robin {
 public:
    using id_type = Id;
    static constexpr bool slices_stand = true;  ///< whoever comes

    /// Throws std::invalid_argument unless the quantum is positive.
    explicit basic_round_robin(duration quantum)
        : basic_round_robin(round_robin_options{.quantum = quantum}) {}
    explicit basic_round_robin(round_robin_options options)
        : options_(options),
          list_(options.ties == tie_break::id ? tie_break::arrival_then_id
                                              : options.ties) {  // the turn is the rule itself
        if (options.quantum <= duration::zero())
            throw std::invalid_argument("round robin: the quantum must be positive");
    }

    void arrive(const task_info<Id>& task, time) {
        auto& item = list_.admit(task);
        item.side = options_.at_expiry == arrival_at_expiry::before_expired ? 0 : 2;
        list_.add(item);
    }

    std::optional<Id> pick(time, task_filter<Id> only = {}) {
        const auto* const item = list_.start_first(only);
        return item != nullptr ? std::optional<Id>(item->task.id) : std::nullopt;
    }

    /// What is left of its quantum.
    duration slice(const Id& id, duration used, time) const {
        return std::max(duration::zero(), options_.quantum - list_.running(id).spent - used);
    }
    static constexpr bool preempts(const Id&, duration, time) { return false; }

    /// One that the driver interrupts keeps its place and the rest of its quantum; any other queues anew.
    void ran(const Id& id, duration used, stop_reason why, time now) {
        auto& item = list_.stop(id);
        if (!still_ready(why)) return;
        item.spent += used;
        if (why != stop_reason::preempted || item.spent >= options_.quantum) {
            item.spent = duration::zero();
            list_.behind(item, now);
        }
        list_.add(item);
    }

    /// For explanations.
    reason why_picked(const Id& id, time) const {
        return because("ready for longest, since", list_.running(id).since);
    }

    void leave(const Id& id, time) { list_.remove(id); }

 private:
    round_robin_options options_;
    ready_list<Id> list_;
};

/// Round robin.
using round_robin = basic_round_robin<>;
static_assert(scheduling_policy<round_robin>);

}  // namespace heddle::inline v0::policy
