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
    duration quantum = unlimited;                 ///< those of one priority take turns
    bool displaced_last =
        false;  ///< one that is displaced queues behind those of its priority, and has a new
                ///< quantum then; otherwise it goes on before them with the rest of its own
};

/// Priority scheduling for any kind of task id; see priority.
template <task_id Id = std::uint64_t> class basic_priority {
 public:
    using id_type = Id;

    /// Throws std::invalid_argument if `age_every` is negative, or the quantum not positive.
    explicit basic_priority(priority_options options = {}) : options_(options), list_(options.ties) {
        if (options.age_every < duration::zero())
            throw std::invalid_argument("priority: age_every must not be negative");
        if (options.quantum <= duration::zero())
            throw std::invalid_argument("priority: the quantum must be positive");
    }

    void arrive(const task_info<Id>& task, time) { list_.add(list_.admit(task, rank_of(task))); }

    std::optional<Id> pick(time now, task_filter<Id> only = {}) {
        const std::size_t n = best(now, only);
        if (n == list_.size()) return std::nullopt;
        const std::int64_t aged = rank(list_.at(n), now);
        auto& item = list_.start(n);
        // It runs with the level that it has waited for, or those it has just overtaken would displace it at
        // once.
        item.running_rank = aged;
        return item.task.id;
    }

    /// What is left of the quantum, if there is one, or until a waiting task has aged enough to displace this
    /// one.
    duration slice(const Id& id, duration used, time now, task_filter<Id> only = {}) const {
        duration left = unlimited;
        if (options_.quantum != unlimited)
            left = std::max(duration::zero(), options_.quantum - list_.running(id).spent - used);
        if (!options_.preemptive || !ageing()) return left;
        const std::int64_t level = list_.running(id).running_rank;
        for (std::size_t n = 0; n < list_.size(); ++n) {
            const auto& waiting = list_.at(n);
            if (!only(waiting.task.id)) continue;
            const std::int64_t steps = waiting.rank - level + 1;  // until its rank is smaller by one
            if (steps <= 0) return duration::zero();
            if (steps > unlimited / options_.age_every) continue;  // not in this life
            const duration waited = now - waiting.waiting_since;
            left = std::min(left, std::max(duration::zero(), steps * options_.age_every - waited));
        }
        return left;
    }

    bool preempts(const Id& id, duration, time now, task_filter<Id> only = {}) const {
        if (!options_.preemptive) return false;
        const std::size_t n = best(now, only);
        return n != list_.size() && rank(list_.at(n), now) < list_.running(id).running_rank;
    }

    /// The less important one.
    bool makes_way_before(const Id& a, duration, const Id& b, duration, time) const {
        return list_.running(a).running_rank > list_.running(b).running_rank;
    }

    /// One that yields, or has used up its quantum, goes behind those of its priority; one that was stopped
    /// goes on before them, unless it is to queue as well.
    void ran(const Id& id, duration used, stop_reason why, time now) {
        auto& item = list_.stop(id);
        if (!still_ready(why)) return;
        // One that is displaced before it has run has waited all the time.
        const bool preempted = why == stop_reason::preempted,
                   displaced = preempted && used > duration::zero();
        if (!preempted || displaced) item.waiting_since = now;
        item.spent += used;
        if (why == stop_reason::yielded || item.spent >= options_.quantum ||
            (displaced && options_.displaced_last)) {
            item.spent = duration::zero();
            list_.behind(item, now);
        }
        list_.add(item);
    }

    bool more_urgent(int a, int b) const noexcept {
        return options_.order == priority_order::larger_is_higher ? a > b : a < b;
    }

    /// For explanations.
    reason why_picked(const Id& id, time) const {
        const auto& item = list_.running(id);
        const std::int64_t aged = item.rank - item.running_rank;
        const std::int64_t level =
            options_.order == priority_order::larger_is_higher ? -item.running_rank : item.running_rank;
        return because(
            aged > 0 ? "the highest priority, if what it has waited counts," : "the highest priority,",
            level);
    }
    reason why_over(const Id& id, duration used, time) const {
        const bool quantum =
            options_.quantum != unlimited && list_.running(id).spent + used >= options_.quantum;
        return quantum ? reason{} : because("another has waited long enough");
    }

    void leave(const Id& id, time) { list_.remove(id); }

    /// A task's priority is another one from now on; what it has waited still counts.
    void adjust(const task_info<Id>& task, time) {
        auto* const item = list_.find(task.id);
        if (item == nullptr) return;
        const std::int64_t change = rank_of(task) - rank_of(item->task);
        auto* const ready = list_.withdraw(task.id);
        item->task.priority = task.priority;
        item->rank += change;
        item->running_rank += change;
        if (ready != nullptr) list_.add(*ready);
    }

 private:
    std::int64_t rank_of(const task_info<Id>& task) const noexcept {
        const std::int64_t p = task.priority;
        return options_.order == priority_order::larger_is_higher ? -p : p;
    }

    bool ageing() const noexcept { return options_.age_every > duration::zero(); }

    // Smaller is more important, as in the list.
    std::int64_t rank(const listed_task<Id>& waiting, time now) const {
        return ageing() ? waiting.rank - (now - waiting.waiting_since) / options_.age_every : waiting.rank;
    }

    // At which position the task is that should run, size() if there is none. Linear with ageing, for the
    // order changes as time goes by.
    std::size_t best(time now, const task_filter<Id>& only) const {
        if (!ageing()) return list_.position_of_first(only);
        std::size_t found = list_.size();
        for (std::size_t n = 0; n < list_.size(); ++n) {
            if (!only(list_.at(n).task.id)) continue;
            if (found == list_.size()) {
                found = n;
                continue;
            }
            const auto mine = rank(list_.at(n), now);
            const auto other = rank(list_.at(found), now);
            if (mine < other || (mine == other && wins_tie(list_.at(n), list_.at(found), list_.rule())))
                found = n;
        }
        return found;
    }

    priority_options options_;
    ready_list<Id> list_;
};

/// Priority scheduling.
using priority = basic_priority<>;
static_assert(adjustable_policy<priority>);

}  // namespace heddle::inline v0::policy
