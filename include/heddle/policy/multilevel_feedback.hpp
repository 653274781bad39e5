// SPDX-License-Identifier: BSL-1.0
#pragma once

// Multilevel feedback queues: a task begins on the highest level and sinks by one whenever it has used up
// what is allotted to it there, so that the rule finds out by itself who is short or interactive and lets
// these go first, without knowing any length. CPU time before a wait counts, so that a task cannot stay on
// top by waiting just in time. Long tasks starve while short ones keep coming, unless everybody is lifted to
// the top every now and then (boost). R. and A. Arpaci-Dusseau, Operating Systems: Three Easy Pieces,
// chapter 8.

#include <algorithm>
#include <heddle/policy/ready_list.hpp>
#include <heddle/policy/round_robin.hpp>
#include <stdexcept>
#include <vector>

namespace heddle::inline v0::policy {

/// How multilevel feedback is set up; level 0 is the highest.
struct multilevel_feedback_options {
    std::vector<duration> quanta{};      ///< one for each level
    std::vector<duration> allotments{};  ///< CPU time before it sinks a level; empty: the quanta
    duration boost_every = unlimited;    ///< everybody to the top at every multiple of this
    bool wait_keeps_level = false;       ///< a wait begins the allotment anew: easily tricked
    bool waited_first = false;           ///< one that has waited goes to the front of its level
    bool displaced_last = false;         ///< one that is displaced goes to the end of its level
    bool alone_stays = false;  ///< who uses up its allotment while nobody else is ready does not sink
    arrival_at_expiry at_expiry = arrival_at_expiry::after_expired;
    tie_break ties = tie_break::arrival_then_id;
};

/// Multilevel feedback for any kind of task id; see multilevel_feedback.
template <task_id Id = std::uint64_t> class basic_multilevel_feedback {
 public:
    using id_type = Id;

    /// Throws std::invalid_argument unless there is a level, and as many allotments as quanta (or none), all
    /// positive.
    explicit basic_multilevel_feedback(multilevel_feedback_options options)
        : options_(std::move(options)),
          list_(options_.ties == tie_break::id ? tie_break::arrival_then_id : options_.ties) {
        if (options_.allotments.empty()) options_.allotments = options_.quanta;
        const auto positive = [](duration d) { return d > duration::zero(); };
        if (options_.quanta.empty() || !std::all_of(options_.quanta.begin(), options_.quanta.end(), positive))
            throw std::invalid_argument("multilevel feedback: give a positive quantum for each level");
        if (options_.allotments.size() != options_.quanta.size() ||
            !std::all_of(options_.allotments.begin(), options_.allotments.end(), positive))
            throw std::invalid_argument("multilevel feedback: give a positive allotment for each level");
        if (options_.boost_every <= duration::zero())
            throw std::invalid_argument("multilevel feedback: the time between boosts must be positive");
        if (options_.boost_every != unlimited) next_boost_ = time(options_.boost_every);
    }

    /// On the level where it was when it began to wait; a new one on the highest.
    void arrive(const task_info<Id>& task, time) {
        auto& item = list_.admit(task);
        if (!item.known || item.running_rank != boosts_) {  // new, or lifted while it waited
            item.kept = 0;
            item.charged = duration::zero();
        }
        item.rank = item.kept;
        item.side = options_.at_expiry == arrival_at_expiry::before_expired ? 0 : 2;
        if (item.known && options_.waited_first) item.since = time::min();
        list_.add(item);
    }

    std::optional<Id> pick(time now, task_filter<Id> only = {}) {
        if (now >= next_boost_) boost(now);
        sink();
        const auto* const item = list_.start_first(only);
        return item != nullptr ? std::optional<Id>(item->task.id) : std::nullopt;
    }

    /// What is left of its quantum or its allotment, or the time to the next boost, which is nearer the later
    /// one asks.
    duration slice(const Id& id, duration used, time now, task_filter<Id> = {}) const {
        const auto& item = list_.running(id);
        const auto n = static_cast<std::size_t>(item.rank);
        duration left =
            std::min(options_.quanta[n] - item.spent, options_.allotments[n] - item.charged) - used;
        if (next_boost_ != time::max()) left = std::min(left, next_boost_ - now);
        return std::max(duration::zero(), left);
    }

    bool preempts(const Id& id, duration, time, task_filter<Id> only = {}) const {
        const auto* const first = list_.first(only);
        return first != nullptr && first->rank < list_.running(id).rank;
    }

    /// The one on the lower level.
    bool makes_way_before(const Id& a, duration, const Id& b, duration, time) const {
        return list_.running(a).rank > list_.running(b).rank;
    }

    /// One that is displaced keeps its place, its quantum and its allotment.
    void ran(const Id& id, duration used, stop_reason why, time now) {
        auto& item = list_.stop(id);
        const auto n = static_cast<std::size_t>(item.rank);
        item.spent += used;
        item.charged += used;
        const bool used_up = item.charged >= options_.allotments[n];
        const bool alone = options_.alone_stays && still_ready(why);  // perhaps: pick() knows who is ready
        if (used_up && alone) {
            item.charged = duration::zero();
            to_sink_.push_back(id);
        } else if (used_up) {
            item.charged = duration::zero();
            item.kept = std::min<std::int64_t>(item.rank + 1, lowest());
        } else if (why == stop_reason::blocked && options_.wait_keeps_level) {
            item.charged = duration::zero();
        }
        item.running_rank = boosts_;
        if (!still_ready(why)) return;
        const bool displaced = why == stop_reason::preempted && used > duration::zero();
        if (used_up || item.spent >= options_.quanta[n] || why == stop_reason::yielded ||
            (displaced && options_.displaced_last)) {
            item.spent = duration::zero();
            list_.behind(item, now);
        }
        item.rank = item.kept;
        list_.add(item);
    }

    void leave(const Id& id, time) { list_.remove(id); }

    /// For explanations.
    reason why_picked(const Id& id, time) const {
        return because("the highest level with somebody on it,", list_.running(id).rank);
    }
    reason why_over(const Id& id, duration used, time now) const {
        if (now >= next_boost_) return because("everybody goes to the top level");
        const auto& item = list_.running(id);
        const auto n = static_cast<std::size_t>(item.rank);
        const bool quantum = item.spent + used >= options_.quanta[n];
        return quantum ? reason{} : because("its allotment is used up");
    }

    /// On which level a task is, 0 the highest. Throws invalid_state for one that has left.
    int level(const Id& id) {
        const auto* const item = list_.find(id);
        if (item == nullptr)
            throw invalid_state("policy: the level of a task that is not there is asked for");
        return static_cast<int>(item->kept);
    }

 private:
    std::int64_t lowest() const noexcept { return static_cast<std::int64_t>(options_.quanta.size()) - 1; }

    // Those that have used up what they are allotted sink, unless nobody else is ready.
    void sink() {
        for (const Id& id : to_sink_) {
            if (list_.size() < 2) break;
            auto* const item = list_.withdraw(id);
            if (item == nullptr) continue;
            item->rank = item->kept = std::min<std::int64_t>(item->rank + 1, lowest());
            list_.add(*item);
        }
        to_sink_.clear();
    }

    // Behind those that are on top already come the lowest level, and then those above it, as they stood.
    void boost(time now) {
        next_boost_ = time((now.time_since_epoch() / options_.boost_every + 1) * options_.boost_every);
        ++boosts_;
        to_sink_.clear();
        std::vector<listed_task<Id>*> lifted;
        std::vector<Id> ids;
        for (std::size_t n = 0; n < list_.size(); ++n) ids.push_back(list_.at(n).task.id);
        for (const Id& id : ids) lifted.push_back(list_.withdraw(id));
        std::sort(lifted.begin(), lifted.end(), [this](const auto* a, const auto* b) {
            const auto level_of = [](const auto* i) {
                return i->rank == 0 ? time::max().time_since_epoch().count() : i->rank;
            };
            if (level_of(a) != level_of(b)) return level_of(a) > level_of(b);
            return wins_tie(*a, *b, list_.rule());
        });
        int place = -static_cast<int>(lifted.size());
        for (auto* const item : lifted) {
            item->rank = item->kept = 0;
            item->spent = item->charged = duration::zero();
            item->since = now;
            item->side = place++;
            list_.add(*item);
        }
    }

    multilevel_feedback_options options_;
    ready_list<Id> list_;
    time next_boost_ = time::max();
    std::int64_t boosts_ = 0;
    std::vector<Id> to_sink_;  // at the next pick()
};

/// Multilevel feedback queues.
using multilevel_feedback = basic_multilevel_feedback<>;
static_assert(scheduling_policy<multilevel_feedback>);

}  // namespace heddle::inline v0::policy
