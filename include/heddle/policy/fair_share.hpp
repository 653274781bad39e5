// SPDX-License-Identifier: BSL-1.0
#pragma once

// Fair share: each task's virtual time advances by the CPU time it gets, divided by its weight; of those that
// are not ahead of the average, the one whose current request has the earliest virtual deadline runs. So
// everybody gets the CPU in proportion to weight, and a short request is served early. Nobody starves; nobody
// is fast either when there are many. A task that waited is not given what it missed. EEVDF: I. Stoica and H.
// Abdel-Wahab, TR-95-22, 1995, as in Linux since 6.6, without what Linux does about sleepers that are behind.
// nice_weight() has Linux's weights.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <heddle/policy/indexed_heap.hpp>
#include <heddle/policy/nice_weight.hpp>
#include <heddle/policy/policy.hpp>
#include <heddle/policy/task_table.hpp>
#include <heddle/rt/error.hpp>
#include <stdexcept>
#include <vector>

namespace heddle::inline v0::policy {

/// How fair share is set up.
struct fair_share_options {
    duration slice = std::chrono::milliseconds(3);  ///< how much a task asks for at a time
    bool preemptive = true;                         ///< one that comes with an earlier deadline runs at once
};

/// Fair share for any kind of task id; see fair_share. Ties go to whoever is less far, then to the smaller
/// id.
///
/// Complexity: logarithmic in the number of ready tasks.
template <task_id Id = std::uint64_t> class basic_fair_share {
 public:
    using id_type = Id;
    static constexpr bool slices_stand = true;  ///< whoever comes

    /// Throws std::invalid_argument unless the slice is positive.
    explicit basic_fair_share(fair_share_options options = {}) : options_(options) {
        if (options.slice <= duration::zero())
            throw std::invalid_argument("fair share: the slice must be positive");
    }

    void arrive(const task_info<Id>& task, time) {
        const auto [n, made] = entities_.make(task.id);
        entity& e = entities_[n];
        if (made) e = entity{};
        if (e.in_play) throw invalid_state("policy: a task arrives that is ready or runs already");
        e.id = task.id;
        e.weight = std::max<std::uint32_t>(1, task.weight);
        e.in_play = e.new_here = true;
        // It is placed by pick(): the average must know of all who stop at this instant, whoever is told
        // first.
        newcomers_.push_back(n);
    }

    std::optional<Id> pick(time, task_filter<Id> only = {}) {
        place_newcomers();
        let_in();
        // If there is none that is not ahead, those that run keep the average down: then who is least far.
        for (auto* const from : {&ready_, &ahead_}) {
            const std::size_t n = position_of_first(*from, only);
            if (n == from->size()) continue;
            const std::uint32_t slot = from->at(n).slot;
            from->erase(slot, by_key());
            entities_[slot].running = true;
            latest_ = slot;
            return entities_[slot].id;
        }
        return std::nullopt;
    }

    /// What is left of its request.
    duration slice(const Id& id, duration used, time) const {
        return std::max(duration::zero(), options_.slice - entities_[position_of_running(id)].served - used);
    }

    bool preempts(const Id& id, duration used, time, task_filter<Id> only = {}) const {
        if (!options_.preemptive) return false;
        const entity& mine = entities_[position_of_running(id)];
        const wide now_at = mine.at + virtual_time(used, mine.weight);
        const wide sum = sum_ + (now_at - mine.at) * mine.weight;
        const wide best = mine.deadline;
        const std::size_t first = position_of_first(ready_, only);
        if (first != ready_.size() && ready_.at(first).key < best) return true;
        const wide average = floor_div(sum, weights_);
        for (const std::uint32_t newcomer : newcomers_) {
            const entity& e = entities_[newcomer];
            if (!only(e.id)) continue;
            const bool may_run = !e.known || e.at <= average;
            if (may_run && average + virtual_time(options_.slice, e.weight) < best) return true;
        }
        return ahead_.any_early([&](const node& n) { return n.key * weights_ <= sum; },
                                [&](const node& n) { return n.tie < best && only(entities_[n.slot].id); });
    }

    /// The one whose request has the later deadline.
    bool makes_way_before(const Id& a, duration, const Id& b, duration, time) const {
        return entities_[position_of_running(a)].deadline > entities_[position_of_running(b)].deadline;
    }

    /// One that has had what it asked for asks anew; any other goes on with the rest of its request.
    void ran(const Id& id, duration used, stop_reason why, time) {
        const std::uint32_t n = position_of_running(id);
        entity& e = entities_[n];
        const wide step = virtual_time(used, e.weight);
        e.at += step;
        sum_ += step * e.weight;
        e.served += used;
        e.running = false;
        if (e.served >= options_.slice || why == stop_reason::yielded || !still_ready(why)) {
            e.served = duration::zero();
            e.deadline = e.at + virtual_time(options_.slice, e.weight);
        }
        if (still_ready(why))
            add(n);
        else
            withdraw(e);
    }

    /// For explanations.
    reason why_picked(const Id&, time) const {
        return because("the earliest virtual deadline of those that are not ahead of their share");
    }

    void leave(const Id& id, time) {
        const std::uint32_t n = entities_.find(id);
        if (n == entities_.nowhere) return;
        entity& e = entities_[n];
        if (e.new_here) {
            std::erase(newcomers_, n);
        } else if (e.in_play) {
            take_out(n);
            withdraw(e);
        }
        entities_.erase(id);
    }

    /// A task has another weight from now on.
    void adjust(const task_info<Id>& task, time) {
        const std::uint32_t n = entities_.find(task.id);
        if (n == entities_.nowhere) return;
        entity& e = entities_[n];
        const std::uint32_t weight = std::max<std::uint32_t>(1, task.weight);
        if (e.new_here) {
            e.weight = weight;
            return;
        }
        const bool ready = e.in_play && !e.running;
        if (ready) take_out(n);
        if (e.in_play) {
            weights_ = weights_ - e.weight + weight;
            sum_ += e.at * (static_cast<wide>(weight) - e.weight);
        }
        e.weight = weight;
        e.deadline = e.at + virtual_time(options_.slice - e.served, weight);
        if (ready) add(n);
    }

    /// Whether nobody is ready, of those that the filter lets through.
    bool empty(task_filter<Id> only = {}) const {
        return position_of_first(ready_, only) == ready_.size() &&
               position_of_first(ahead_, only) == ahead_.size() &&
               std::none_of(newcomers_.begin(), newcomers_.end(),
                            [&](std::uint32_t n) { return only(entities_[n].id); });
    }

 private:
    __extension__ using wide = __int128;  // sums of virtual time and weight do not fit into 64 bits

    struct entity {
        wide at = 0;  // virtual time
        wide deadline = 0;
        duration served{};  // of the current request
        Id id{};
        std::uint32_t weight = 1;
        bool known = false;
        bool in_play = false;  // ready or running
        bool running = false;
        bool new_here = false;  // has not been placed yet
    };
    struct node {
        wide key = 0;
        wide tie = 0;
        std::uint32_t slot = 0;  // the entity's position in the table
    };

    // In units of a 2^16th of what a task of weight 1024 gets in a unit of time: less than any slice rounds
    // to.
    static wide virtual_time(duration d, std::uint32_t weight) {
        return (static_cast<wide>(d.count()) << 26) / weight;
    }
    static wide floor_div(wide a, wide b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

    std::size_t position_of_first(const indexed_heap<node>& in, const task_filter<Id>& only) const {
        if (only.everyone()) return 0;
        return in.first_if([&](const node& n) { return only(entities_[n.slot].id); }, by_key());
    }

    std::uint32_t position_of_running(const Id& id) const {
        const auto runs = [&](const entity& e) { return e.running && e.id == id; };
        if (latest_ != entities_.nowhere && runs(entities_[latest_])) return latest_;
        const std::uint32_t n = entities_.find(id);
        if (n == entities_.nowhere || !entities_[n].running)
            throw invalid_state("policy: a task that was not picked is said to run");
        return n;
    }

    // All at the same average, so that their order does not matter.
    void place_newcomers() {
        if (newcomers_.empty()) return;
        const wide average = weights_ > 0 ? floor_div(sum_, weights_) : last_;
        for (const std::uint32_t n : newcomers_) {
            entity& e = entities_[n];
            e.at = e.known ? std::max(e.at, average) : average;
            e.deadline = e.at + virtual_time(options_.slice, e.weight);
            e.known = true;
            e.new_here = false;
            weights_ += e.weight;
            sum_ += e.at * e.weight;
        }
        for (const std::uint32_t n : newcomers_) add(n);
        newcomers_.clear();
    }

    void add(std::uint32_t n) {
        const entity& e = entities_[n];
        if (e.at * weights_ <= sum_)
            ready_.push({e.deadline, e.at, n}, by_key());
        else
            ahead_.push({e.at, e.deadline, n}, by_key());
    }

    // Those that the average has caught up with may run. It does not go back but for those that come and go,
    // and who was allowed to run stays so.
    void let_in() {
        while (!ahead_.empty() && ahead_.first().key * weights_ <= sum_) {
            const node n = ahead_.first();
            ahead_.erase(n.slot, by_key());
            ready_.push({n.tie, n.key, n.slot}, by_key());
        }
    }

    // It may be in neither: then it runs.
    void take_out(std::uint32_t n) {
        for (auto* const queue : {&ready_, &ahead_})
            if (queue->contains(n)) queue->erase(n, by_key());
    }

    void withdraw(entity& e) {
        last_ = weights_ > 0 ? floor_div(sum_, weights_) : last_;
        weights_ -= e.weight;
        sum_ -= e.at * e.weight;
        e.in_play = e.running = false;
    }

    auto by_key() const {
        return [this](const node& a, const node& b) {
            if (a.key != b.key) return a.key < b.key;
            if (a.tie != b.tie) return a.tie < b.tie;
            return entities_[a.slot].id < entities_[b.slot].id;
        };
    }

    fair_share_options options_;
    task_table<Id, entity> entities_;
    indexed_heap<node> ready_;  // by deadline, then by virtual time: not ahead of the average
    indexed_heap<node> ahead_;  // by virtual time, then by deadline
    std::uint32_t latest_ =
        entities_.nowhere;  // the position of who was picked last, and is mostly asked about
    std::vector<std::uint32_t> newcomers_;
    wide weights_ = 0;  // of all that are ready or run
    wide sum_ = 0;      // of their virtual times, weighted
    wide last_ = 0;     // the average when the last one went
};

/// Fair share.
using fair_share = basic_fair_share<>;
static_assert(adjustable_policy<fair_share>);

}  // namespace heddle::inline v0::policy
