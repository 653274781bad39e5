// SPDX-License-Identifier: BSL-1.0
#pragma once

// Shortest job next: of the ready tasks the one that needs the CPU for the shortest time runs, until it waits
// or ends. For tasks that are all there it has the least mean waiting time of all rules that do not
// interrupt. It starves long tasks while short ones keep coming. Lengths are rarely known: it can predict a
// burst from the task's earlier ones. Use shortest remaining time where tasks come one after the other, and
// multilevel feedback where nothing is known.

#include <cmath>
#include <heddle/policy/ready_list.hpp>
#include <stdexcept>

namespace heddle::inline v0::policy {

/// How the lengths of bursts are found, and ties are broken.
struct shortest_job_options {
    tie_break ties = tie_break::arrival_then_id;
    bool estimate = false;         ///< predict bursts from earlier ones, and do not look at what is known
    double estimate_weight = 0.5;  ///< of the latest burst: next = weight · latest + (1 − weight) · predicted
    duration first_estimate{};     ///< for a task that has not run yet
};

namespace detail {

/// Throws std::invalid_argument for options that mean nothing.
inline void check(const shortest_job_options& options) {
    if (!(options.estimate_weight >= 0 && options.estimate_weight <= 1))
        throw std::invalid_argument("shortest job: the weight of the latest burst must be from 0 to 1");
    if (options.first_estimate < duration::zero())
        throw std::invalid_argument("shortest job: the first estimate must not be negative");
}

/// Exponential averaging: A. Silberschatz et al., Operating System Concepts, chapter on CPU scheduling.
inline duration next_estimate(const shortest_job_options& options, duration predicted, duration latest) {
    const double mean = options.estimate_weight * static_cast<double>(latest.count()) +
                        (1 - options.estimate_weight) * static_cast<double>(predicted.count());
    return duration(std::llround(mean));
}

}  // namespace detail

/// Shortest job next for any kind of task id; see shortest_job_next.
template <task_id Id = std::uint64_t> class basic_shortest_job_next {
 public:
    using id_type = Id;

    /// Throws std::invalid_argument if a weight is not from 0 to 1, or a first estimate is negative.
    explicit basic_shortest_job_next(shortest_job_options options = {})
        : options_(options),
          list_(options.ties) {
        detail::check(options);
    }

    void arrive(const task_info<Id>& task, time) {
        auto& item = list_.admit(task);
        if (!item.known) item.kept = options_.first_estimate.count();
        item.charged = duration::zero();
        if (options_.estimate)
            item.rank = item.kept;
        else
            item.rank =
                task.burst.value_or(unlimited).count();  // one that is not known counts as the longest
        list_.add(item);
    }

    std::optional<Id> pick(time, task_filter<Id> only = {}) {
        const auto* const item = list_.start_first(only);
        return item != nullptr ? std::optional<Id>(item->task.id) : std::nullopt;
    }

    static constexpr duration slice(const Id&, duration, time) { return unlimited; }
    static constexpr bool preempts(const Id&, duration, time) { return false; }

    void ran(const Id& id, duration used, stop_reason why, time now) {
        auto& item = list_.stop(id);
        item.charged += used;
        if (still_ready(why)) {
            if (why == stop_reason::yielded) {
                list_.behind(item, now);
            }
            list_.add(item);
        } else if (options_.estimate) {
            item.kept = detail::next_estimate(options_, duration(item.kept), item.charged).count();
        }
    }

    /// For explanations.
    reason why_picked(const Id& id, time) const {
        const std::int64_t rank = list_.running(id).rank;
        if (rank == unlimited.count()) return because("nobody's length is known");
        return because(options_.estimate ? "the shortest by its estimate," : "the shortest,", duration(rank));
    }

    void leave(const Id& id, time) { list_.remove(id); }

 private:
    shortest_job_options options_;
    ready_list<Id> list_;
};

/// Shortest job next, with exact or predicted lengths.
using shortest_job_next = basic_shortest_job_next<>;
static_assert(scheduling_policy<shortest_job_next>);

}  // namespace heddle::inline v0::policy
