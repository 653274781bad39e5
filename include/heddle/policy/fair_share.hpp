// SPDX-License-Identifier: BSL-1.0
#pragma once

// Fair share: each task's virtual time advances by the CPU time it gets, divided by its weight; of those that
// are not ahead of the average, the one whose current request has the earliest virtual deadline runs. So
// everybody gets the CPU in proportion to weight, and a short request is served early. Nobody starves; nobody
// is fast either when there are many. A task that waited is not given what it missed. EEVDF: I. Stoica and H.
// Abdel-Wahab, TR-95-22, 1995, as in Linux since 6.6, without what Linux does about sleepers that are behind.
// nice_weight() has Linux's weights.

#include <algorithm>
#include <heddle/policy/id_map.hpp>
#include <heddle/policy/nice_weight.hpp>
#include <heddle/policy/policy.hpp>
#include <heddle/rt/error.hpp>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>
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

    /// Throws std::invalid_argument unless the slice is positive.
    explicit basic_fair_share(fair_share_options options = {}) : options_(options) {
        if (options.slice <= duration::zero())
            throw std::invalid_argument("fair share: the slice must be positive");
    }

    void arrive(const task_info<Id>& task, time) {
        entity& e = entities_[task.id];
        if (e.in_play) throw invalid_state("policy: a task arrives that is ready or runs already");
        e.weight = std::max<std::uint32_t>(1, task.weight);
        e.in_play = e.new_here = true;
        // It is placed by pick(): the average must know of all who stop at this instant, whoever is told
        // first.
        newcomers_.push_back(task.id);
    }

    std::optional<Id> pick(time) {
        place_newcomers();
        if (ready_.empty() && ahead_.empty()) return std::nullopt;
        settle(sum_, weights_);
        if (ready_.empty()) {  // those that run keep the average down: then who is least far
            const auto least = ahead_.begin();
            const Id id = std::get<2>(*least);
            ready_.insert({entities_.find(id)->deadline, std::get<0>(*least), id});
            ahead_.erase(least);
        }
        const Id id = std::get<2>(*ready_.begin());
        ready_.erase(ready_.begin());
        entities_.find(id)->running = true;
        return id;
    }

    /// What is left of its request.
    duration slice(const Id& id, duration used, time) const {
        return std::max(duration::zero(), options_.slice - running(id).served - used);
    }

    bool preempts(const Id& id, duration used, time) const {
        if (!options_.preemptive) return false;
        const entity& mine = running(id);
        const wide now_at = mine.at + virtual_time(used, mine.weight);
        const wide sum = sum_ + (now_at - mine.at) * mine.weight;
        const wide best = mine.deadline;
        bool found = !ready_.empty() && std::get<0>(*ready_.begin()) < best;
        const wide average = floor_div(sum, weights_);
        for (const Id& newcomer : newcomers_) {
            const entity& e = *entities_.find(newcomer);
            const bool may_run = !e.known || e.at <= average;
            found = found || (may_run && average + virtual_time(options_.slice, e.weight) < best);
        }
        for (auto at = ahead_.begin(); !found && at != ahead_.end(); ++at) {
            if (std::get<0>(*at) * weights_ > sum) break;
            found = std::get<1>(*at) < best;
        }
        return found;
    }

    /// One that has had what it asked for asks anew; any other goes on with the rest of its request.
    void ran(const Id& id, duration used, stop_reason why, time) {
        entity& e = running(id);
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
            add(id, e);
        else
            withdraw(e);
    }

    void leave(const Id& id, time) {
        entity* const e = entities_.find(id);
        if (e == nullptr) return;
        if (e->new_here) {
            std::erase(newcomers_, id);
        } else if (e->in_play) {
            take_out(id, *e);
            withdraw(*e);
        }
        entities_.erase(id);
    }

    /// A task has another weight from now on.
    void adjust(const task_info<Id>& task, time) {
        entity* const e = entities_.find(task.id);
        if (e == nullptr) return;
        const std::uint32_t weight = std::max<std::uint32_t>(1, task.weight);
        if (e->new_here) {
            e->weight = weight;
            return;
        }
        const bool ready = e->in_play && !e->running;
        if (ready) take_out(task.id, *e);
        if (e->in_play) {
            weights_ = weights_ - e->weight + weight;
            sum_ += e->at * (static_cast<wide>(weight) - e->weight);
        }
        e->weight = weight;
        e->deadline = e->at + virtual_time(options_.slice - e->served, weight);
        if (ready) add(task.id, *e);
    }

    /// Whether nobody is ready.
    bool empty() const noexcept { return ready_.empty() && ahead_.empty() && newcomers_.empty(); }

 private:
    __extension__ using wide = __int128;  // sums of virtual time and weight do not fit into 64 bits

    struct entity {
        wide at = 0;  // virtual time
        wide deadline = 0;
        duration served{};  // of the current request
        std::uint32_t weight = 1;
        bool known = false;
        bool in_play = false;  // ready or running
        bool running = false;
        bool new_here = false;  // has not been placed yet
    };
    using key = std::tuple<wide, wide, Id>;

    // In units of a 2^16th of what a task of weight 1024 gets in a unit of time: less than any slice rounds
    // to.
    static wide virtual_time(duration d, std::uint32_t weight) {
        return (static_cast<wide>(d.count()) << 26) / weight;
    }
    static wide floor_div(wide a, wide b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

    const entity& running(const Id& id) const {
        const entity* const e = entities_.find(id);
        if (e == nullptr || !e->running)
            throw invalid_state("policy: a task that was not picked is said to run");
        return *e;
    }
    entity& running(const Id& id) { return const_cast<entity&>(std::as_const(*this).running(id)); }

    // All at the same average, so that their order does not matter.
    void place_newcomers() {
        if (newcomers_.empty()) return;
        const wide average = weights_ > 0 ? floor_div(sum_, weights_) : last_;
        for (const Id& id : newcomers_) {
            entity& e = *entities_.find(id);
            e.at = e.known ? std::max(e.at, average) : average;
            e.deadline = e.at + virtual_time(options_.slice, e.weight);
            e.known = true;
            e.new_here = false;
            weights_ += e.weight;
            sum_ += e.at * e.weight;
        }
        for (const Id& id : newcomers_) add(id, *entities_.find(id));
        newcomers_.clear();
    }

    void add(const Id& id, const entity& e) {
        if (e.at * weights_ <= sum_)
            ready_.insert({e.deadline, e.at, id});
        else
            ahead_.insert({e.at, e.deadline, id});
    }

    // Those that the average has caught up with may run. It does not go back but for those that come and go,
    // and who was allowed to run stays so.
    void settle(wide sum, wide weights) {
        while (!ahead_.empty() && std::get<0>(*ahead_.begin()) * weights <= sum) {
            const auto [at, deadline, id] = *ahead_.begin();
            ready_.insert({deadline, at, id});
            ahead_.erase(ahead_.begin());
        }
    }

    void take_out(const Id& id, const entity& e) {
        ready_.erase({e.deadline, e.at, id});
        ahead_.erase({e.at, e.deadline, id});
    }

    void withdraw(entity& e) {
        last_ = weights_ > 0 ? floor_div(sum_, weights_) : last_;
        weights_ -= e.weight;
        sum_ -= e.at * e.weight;
        e.in_play = e.running = false;
    }

    fair_share_options options_;
    id_map<Id, entity> entities_;
    std::set<key> ready_;  // by deadline: not ahead of the average
    std::set<key> ahead_;  // by virtual time
    std::vector<Id> newcomers_;
    wide weights_ = 0;  // of all that are ready or run
    wide sum_ = 0;      // of their virtual times, weighted
    wide last_ = 0;     // the average when the last one went
};

/// Fair share.
using fair_share = basic_fair_share<>;
static_assert(adjustable_policy<fair_share>);

}  // namespace heddle::inline v0::policy
