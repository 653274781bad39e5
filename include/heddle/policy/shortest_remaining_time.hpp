// SPDX-License-Identifier: BSL-1.0
#pragma once

// Shortest remaining time first: the ready task that needs the least CPU time until it waits or ends runs,
// and one that needs less than what the running one still needs displaces it. No rule has a smaller mean
// waiting time on one CPU. It starves long tasks while short ones keep coming, and needs to know or to
// predict lengths, as shortest job next does.

#include <heddle/policy/shortest_job_next.hpp>

namespace heddle::inline v0::policy {

/// Shortest remaining time first for any kind of task id; see shortest_remaining_time.
template <task_id Id = std::uint64_t> class basic_shortest_remaining_time {
 public:
    using id_type = Id;

    /// Throws std::invalid_argument if a weight is not from 0 to 1, or a first estimate is negative.
    explicit basic_shortest_remaining_time(shortest_job_options options = {})
        : options_(options),
          list_(options.ties) {
        detail::check(options);
    }

    void arrive(const task_info<Id>& task, time) {
        auto& item = list_.admit(task);
        if (!item.known) item.kept = options_.first_estimate.count();
        item.charged = duration::zero();
        item.rank = options_.estimate ? item.kept : task.burst.value_or(unlimited).count();
        list_.add(item);
    }

    std::optional<Id> pick(time, task_filter<Id> only = {}) {
        const auto* const item = list_.start_first(only);
        return item != nullptr ? std::optional<Id>(item->task.id) : std::nullopt;
    }

    static constexpr duration slice(const Id&, duration, time) { return unlimited; }

    /// Only one that needs less; one that needs as much waits.
    bool preempts(const Id& id, duration used, time, task_filter<Id> only = {}) const {
        const auto* const first = list_.first(only);
        return first != nullptr && first->rank < left(list_.running(id).rank, used);
    }

    /// The one that needs longer.
    bool makes_way_before(const Id& a, duration used_a, const Id& b, duration used_b, time) const {
        return left(list_.running(a).rank, used_a) > left(list_.running(b).rank, used_b);
    }

    /// One that was displaced keeps its place among those that need as long.
    void ran(const Id& id, duration used, stop_reason why, time now) {
        auto& item = list_.stop(id);
        item.rank = left(item.rank, used);
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
        return because(options_.estimate ? "the least left by its estimate," : "the least left to do,",
                       duration(rank));
    }

    void leave(const Id& id, time) { list_.remove(id); }

 private:
    // One of unknown length stays the longest; one that outlives its prediction is expected to end at once.
    static std::int64_t left(std::int64_t rank, duration used) {
        return rank == unlimited.count() ? rank : std::max<std::int64_t>(0, rank - used.count());
    }

    shortest_job_options options_;
    ready_list<Id> list_;
};

/// Shortest remaining time first, with exact or predicted lengths.
using shortest_remaining_time = basic_shortest_remaining_time<>;
static_assert(scheduling_policy<shortest_remaining_time>);

}  // namespace heddle::inline v0::policy
