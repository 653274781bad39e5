// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the policies that keep one list have in common: the ready tasks in the order in which they will run,
// and the running ones. For writing a policy; users need only the policies themselves.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <heddle/policy/policy.hpp>
#include <heddle/rt/error.hpp>
#include <vector>

namespace heddle::inline v0::policy {

/// A task as a policy keeps it.
template <task_id Id> struct listed_task {
    task_info<Id> task;
    std::int64_t rank = 0;          // of the policy; smaller runs first
    std::int64_t running_rank = 0;  // that it was picked with
    time since{};                   // when it became ready, for ties
    int side = 0;                   // of those with one `since`, smaller runs first whatever the tie rule
    std::uint64_t order = 0;        // the how-manieth arrive() it was
    time waiting_since{};           // when it last stopped running or arrived
    duration spent{};               // of its quantum, in earlier runs
};

/// Whether `a` runs before `b` if they have the same rank.
template <task_id Id>
constexpr bool wins_tie(const listed_task<Id>& a, const listed_task<Id>& b, tie_break rule) {
    if (rule != tie_break::id) {
        if (a.since != b.since) return a.since < b.since;
        if (a.side != b.side) return a.side < b.side;
        if (rule == tie_break::arrival_then_order && a.order != b.order) return a.order < b.order;
    }
    if (a.task.id != b.task.id) return a.task.id < b.task.id;
    return a.order < b.order;
}

/// The ready tasks, sorted by rank and tie rule, and the running ones.
///
/// Complexity: finding a place is logarithmic; inserting moves those that run sooner, removing is linear.
template <task_id Id> class ready_list {
 public:
    using item = listed_task<Id>;

    explicit ready_list(tie_break rule) : rule_(rule) {}

    bool empty() const noexcept { return ready_.empty(); }
    std::size_t size() const noexcept { return ready_.size(); }

    /// A task that becomes ready now.
    item admit(const task_info<Id>& task, std::int64_t rank = 0) {
        item i;
        i.task = task;
        i.rank = rank;
        i.since = i.waiting_since = task.arrival;
        i.order = arrivals_++;
        return i;
    }

    /// Adds a ready task at its place.
    void add(const item& i) {
        const auto at = std::upper_bound(ready_.begin(), ready_.end(), i,
                                         [this](const item& a, const item& b) { return before(b, a); });
        ready_.insert(at, i);
    }

    /// The first ready task moves to the running ones. There must be one.
    item& start_first() { return start(ready_.size() - 1); }

    /// The ready task at position `n` of ready() moves to the running ones.
    item& start(std::size_t n) {
        running_.push_back(ready_[n]);
        ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(n));
        return running_.back();
    }

    /// A running task has stopped; the caller adds it again if it is ready. Throws invalid_state if it was
    /// not running.
    item stop(const Id& id) {
        const item i = running(id);
        forget(running_, id);
        return i;
    }

    /// A running task. Throws invalid_state if it is not running.
    const item& running(const Id& id) const {
        for (const item& i : running_)
            if (i.task.id == id) return i;
        throw invalid_state("policy: a task that was not picked is said to run");
    }

    /// The ready tasks; the last one runs first.
    const std::vector<item>& ready() const noexcept { return ready_; }

    /// Whether `a` runs before `b`.
    bool before(const item& a, const item& b) const {
        return a.rank != b.rank ? a.rank < b.rank : wins_tie(a, b, rule_);
    }

    tie_break rule() const noexcept { return rule_; }

    /// Removes a task, ready or running; one that is neither is blocked or finished, and nothing is known of
    /// it here.
    void remove(const Id& id) {
        forget(ready_, id);
        forget(running_, id);
    }

 private:
    static void forget(std::vector<item>& from, const Id& id) {
        std::erase_if(from, [&](const item& i) { return i.task.id == id; });
    }

    tie_break rule_;
    std::uint64_t arrivals_ = 0;
    std::vector<item> ready_;  // the first to run is the last, so that taking it moves nothing
    std::vector<item> running_;
};

}  // namespace heddle::inline v0::policy
