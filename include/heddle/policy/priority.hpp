// SPDX-License-Identifier: BSL-1.0
#pragma once

// Priority: the ready task that matters most runs. Preemptive, it stops a running task as soon as one that
// matters more arrives; otherwise that one waits for its turn. Without ageing, a steady supply of important
// tasks starves the others for ever; with it, a task gains a level for every `age_every` that it has waited.
// Use earliest deadline first where importance really means "is needed by then", and fair share where
// everybody is to get something.

#include <heddle/policy/ready_list.hpp>
#include <stdexcept>

namespace heddle::inline v0::policy {

/// Which number is the higher priority: Unix and many textbooks say the lower, others the larger.
enum class priority_order { larger_is_higher, lower_is_higher };

/// How a priority policy is set up.
struct priority_options {
    priority_order order = priority_order::larger_is_higher;
    bool preemptive = false;
    duration age_every{};                         ///< zero: no ageing
    tie_break ties = tie_break::arrival_then_id;  ///< between tasks of one priority
};

/// Priority scheduling for any kind of task id; see priority.
template <task_id Id = std::uint64_t> class basic_priority {
 public:
    using id_type = Id;

    /// Throws std::invalid_argument if `age_every` is negative.
    explicit basic_priority(priority_options options = {}) : options_(options), list_(options.ties) {
        if (options.age_every < duration::zero())
            throw std::invalid_argument("priority: age_every must not be negative");
    }

    void arrive(const task_info<Id>& task, time) {
        const std::int64_t p = task.priority;
        list_.add(list_.admit(task, options_.order == priority_order::larger_is_higher ? -p : p));
    }

    std::optional<Id> pick(time now) {
        if (list_.empty()) return std::nullopt;
        const std::size_t n = best(now);
        const std::int64_t aged = rank(list_.ready()[n], now);
        auto& item = list_.start(n);
        // It runs with the level that it has waited for, or those it has just overtaken would displace it at
        // once.
        item.running_rank = aged;
        return item.task.id;
    }

    /// Unlimited, or until a waiting task has aged enough to displace this one.
    duration slice(const Id& id, duration, time now) const {
        duration left = unlimited;
        if (!options_.preemptive || !ageing()) return left;
        const std::int64_t level = list_.running(id).running_rank;
        for (const auto& waiting : list_.ready()) {
            const std::int64_t steps = waiting.rank - level + 1;  // until its rank is smaller by one
            if (steps <= 0) return duration::zero();
            if (steps > unlimited / options_.age_every) continue;  // not in this life
            const duration waited = now - waiting.waiting_since;
            left = std::min(left, std::max(duration::zero(), steps * options_.age_every - waited));
        }
        return left;
    }

    bool preempts(const Id& id, duration, time now) const {
        if (!options_.preemptive || list_.empty()) return false;
        return rank(list_.ready()[best(now)], now) < list_.running(id).running_rank;
    }

    /// One that yields goes behind those of its priority; one that was stopped goes on before them.
    void ran(const Id& id, duration, stop_reason why, time now) {
        auto item = list_.stop(id);
        if (!still_ready(why)) return;
        item.waiting_since = now;
        if (why == stop_reason::yielded) {
            item.since = now;
            item.side = 1;
        }
        list_.add(item);
    }

    void leave(const Id& id, time) { list_.remove(id); }

 private:
    bool ageing() const noexcept { return options_.age_every > duration::zero(); }

    // Smaller is more important, as in the list.
    std::int64_t rank(const listed_task<Id>& waiting, time now) const {
        return ageing() ? waiting.rank - (now - waiting.waiting_since) / options_.age_every : waiting.rank;
    }

    // Where in ready() the task is that should run. Linear with ageing, for the order changes as time goes
    // by.
    std::size_t best(time now) const {
        const auto& ready = list_.ready();
        std::size_t found = ready.size() - 1;
        if (!ageing()) return found;
        for (std::size_t n = ready.size(); n-- > 0;) {
            const auto mine = rank(ready[n], now);
            const auto other = rank(ready[found], now);
            if (mine < other || (mine == other && wins_tie(ready[n], ready[found], list_.rule()))) found = n;
        }
        return found;
    }

    priority_options options_;
    ready_list<Id> list_;
};

/// Priority scheduling.
using priority = basic_priority<>;
static_assert(scheduling_policy<priority>);

}  // namespace heddle::inline v0::policy
