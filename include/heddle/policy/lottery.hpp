// SPDX-License-Identifier: BSL-1.0
#pragma once

// Lottery: each quantum is drawn among the tickets (`weight`) of the ready tasks. In the long run everybody
// gets a share in proportion, a newcomer at once, and nobody starves for certain who holds a ticket; in the
// short run chance rules. Use stride for the same shares evenly. C. Waldspurger and W. Weihl, OSDI 1994.
// random_choice is the same with one ticket each: what any cleverer rule has to beat.

#include <algorithm>
#include <heddle/policy/policy.hpp>
#include <heddle/policy/random_stream.hpp>
#include <heddle/rt/error.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

namespace heddle::inline v0::policy {

/// How a lottery is set up.
struct lottery_options {
    duration quantum{};
    random_stream stream{};
};

/// Lottery for any kind of task id; see lottery.
///
/// Complexity: linear in the number of ready tasks.
template <task_id Id = std::uint64_t> class basic_lottery {
 public:
    using id_type = Id;
    static constexpr bool slices_stand = true;  ///< whoever comes

    /// Throws std::invalid_argument unless the quantum is positive.
    explicit basic_lottery(lottery_options options) : options_(std::move(options)) {
        if (options_.quantum <= duration::zero())
            throw std::invalid_argument("lottery: the quantum must be positive");
    }

    void arrive(const task_info<Id>& task, time) { add({task.id, task.weight}); }

    /// The tickets are numbered by id; where nobody has one, the smallest id is picked.
    std::optional<Id> pick(time, task_filter<Id> only = {}) {
        std::size_t n = next(0, only);
        if (n == ready_.size()) return std::nullopt;
        std::uint64_t tickets = tickets_;
        if (!only.everyone()) {
            tickets = 0;
            for (std::size_t each = n; each < ready_.size(); each = next(each + 1, only))
                tickets += ready_[each].tickets;
        }
        if (tickets > 0) {
            std::uint64_t drawn = options_.stream.below(tickets);
            drawn_ = static_cast<std::int64_t>(drawn);
            for (; drawn >= ready_[n].tickets; n = next(n + 1, only)) drawn -= ready_[n].tickets;
        }
        const holder winner = ready_[n];
        take_out(n);
        running_.push_back(winner);
        return winner.id;
    }

    /// What is left of the quantum.
    duration slice(const Id&, duration used, time) const {
        return std::max(duration::zero(), options_.quantum - used);
    }
    static constexpr bool preempts(const Id&, duration, time) { return false; }

    void ran(const Id& id, duration, stop_reason why, time) {
        const auto at = find(running_, id);
        if (at == running_.end()) throw invalid_state("policy: a task that was not picked is said to run");
        const holder stopped = *at;
        running_.erase(at);
        if (still_ready(why)) add(stopped);
    }

    /// For explanations.
    reason why_picked(const Id&, time) const { return because("the lot fell to it, ticket", drawn_); }

    void leave(const Id& id, time) {
        const auto at = find(ready_, id);
        if (at != ready_.end()) take_out(static_cast<std::size_t>(at - ready_.begin()));
        const auto ran = find(running_, id);
        if (ran != running_.end()) running_.erase(ran);
    }

    /// A task has another number of tickets from now on.
    void adjust(const task_info<Id>& task, time) {
        const auto at = find(ready_, task.id);
        if (at != ready_.end()) {
            tickets_ += task.weight;
            tickets_ -= at->tickets;
            at->tickets = task.weight;
        }
        const auto ran = find(running_, task.id);
        if (ran != running_.end()) ran->tickets = task.weight;
    }

 private:
    struct holder {
        Id id{};
        std::uint64_t tickets = 0;
    };
    using holders = std::vector<holder>;

    static typename holders::iterator find(holders& in, const Id& id) {
        return std::find_if(in.begin(), in.end(), [&](const holder& h) { return h.id == id; });
    }

    // The first at `from` or behind that comes into question, or the end.
    std::size_t next(std::size_t from, const task_filter<Id>& only) const {
        while (from < ready_.size() && !only(ready_[from].id)) ++from;
        return from;
    }

    void add(const holder& h) {
        const auto at = std::lower_bound(ready_.begin(), ready_.end(), h,
                                         [](const holder& a, const holder& b) { return a.id < b.id; });
        ready_.insert(at, h);
        tickets_ += h.tickets;
    }

    void take_out(std::size_t n) {
        tickets_ -= ready_[n].tickets;
        ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(n));
    }

    lottery_options options_;
    holders ready_;  // by id, so that the order of the calls does not matter
    holders running_;
    std::uint64_t tickets_ = 0;  // of all that are ready
    std::int64_t drawn_ = 0;     // the last
};

/// Lottery.
using lottery = basic_lottery<>;
static_assert(adjustable_policy<lottery>);

/// Any ready task, each as likely as the others, for any kind of task id; see lottery.
template <task_id Id = std::uint64_t> class basic_random_choice {
 public:
    using id_type = Id;
    static constexpr bool slices_stand = true;  ///< whoever comes

    /// Throws std::invalid_argument unless the quantum is positive; without one, a task runs until it waits.
    explicit basic_random_choice(lottery_options options = {.quantum = unlimited})
        : lottery_(std::move(options)) {}

    void arrive(const task_info<Id>& task, time now) {
        task_info<Id> alike = task;
        alike.weight = 1;
        lottery_.arrive(alike, now);
    }
    std::optional<Id> pick(time now, task_filter<Id> only = {}) { return lottery_.pick(now, only); }
    duration slice(const Id& id, duration used, time now) const { return lottery_.slice(id, used, now); }
    static constexpr bool preempts(const Id&, duration, time) { return false; }
    void ran(const Id& id, duration used, stop_reason why, time now) { lottery_.ran(id, used, why, now); }
    void leave(const Id& id, time now) { lottery_.leave(id, now); }
    reason why_picked(const Id&, time) const { return because("by chance"); }

 private:
    basic_lottery<Id> lottery_;
};

/// Any ready task, each as likely as the others.
using random_choice = basic_random_choice<>;
static_assert(scheduling_policy<random_choice>);

}  // namespace heddle::inline v0::policy
