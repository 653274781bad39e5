// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the policies that keep one list have in common: the ready tasks, of which the first to run is found at
// once, and what is remembered of the others. For writing a policy; users need only the policies themselves.

#include <cstddef>
#include <cstdint>
#include <heddle/policy/indexed_heap.hpp>
#include <heddle/policy/policy.hpp>
#include <heddle/policy/task_table.hpp>
#include <heddle/rt/error.hpp>

namespace heddle::inline v0::policy {

/// A task as a policy keeps it, from its first arrive() to leave().
template <task_id Id> struct listed_task {
    task_info<Id> task;
    std::int64_t rank = 0;          // of the policy; smaller runs first
    std::int64_t running_rank = 0;  // that it was picked with
    time since{};                   // when it became ready, for ties
    std::uint64_t order = 0;        // in which arrive() and behind() were called
    time waiting_since{};           // when it last stopped running or arrived
    duration spent{};               // of its quantum, in earlier runs
    int side = 0;                   // of those with one `since`, smaller runs first whatever the tie rule
    // These two are the policy's own, and admit() leaves them alone when a task comes back.
    std::int64_t kept = 0;
    duration charged{};
    bool known = false;    // it was here before: it has been blocked
    bool running = false;  // it was picked and has not stopped
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

/// The ready tasks by rank and tie rule, and what is known of those that run or are blocked.
///
/// Complexity: adding, starting and removing are logarithmic in the number of ready tasks, the rest is
/// constant (logarithmic for ids that are not integers). A reference is good until the next admit().
template <task_id Id> class ready_list {
 public:
    using item = listed_task<Id>;

    explicit ready_list(tie_break rule) : rule_(rule) {}

    bool empty() const noexcept { return ready_.empty(); }
    std::size_t size() const noexcept { return ready_.size(); }

    /// A task that becomes ready now; add() it next. Throws invalid_state if it is ready or running already.
    item& admit(const task_info<Id>& task, std::int64_t rank = 0) {
        const auto [n, made] = tasks_.make(task.id);
        item& i = tasks_[n];
        if (made) {
            i.running_rank = i.kept = 0;
            i.charged = duration::zero();
            i.known = i.running = false;
        } else if (i.running || ready_.contains(n)) {
            throw invalid_state("policy: a task arrives that is ready or runs already");
        }
        i.task = task;
        i.rank = rank;
        i.since = i.waiting_since = task.arrival;
        i.side = 0;
        i.spent = duration::zero();
        i.order = arrivals_++;
        return i;
    }

    /// Puts one that admit(), stop() or withdraw() gave out among the ready ones.
    void add(item& i) {
        i.known = true;
        ready_.push({i.rank, rule_ == tie_break::id ? time{} : i.since, tasks_.position_of(i)}, by_order());
    }

    /// One that stopped is to queue as if it came now, behind those that really do.
    void behind(item& i, time now) {
        i.since = now;
        i.side = 1;
        i.order = arrivals_++;
    }

    /// The task that runs first. There must be one.
    const item& first() const { return tasks_[ready_.first().slot]; }

    /// The first ready task is now running. There must be one.
    item& start_first() { return start(0); }

    /// The position of the task that runs first of those that the filter lets through; size() if there is
    /// none. Complexity: linear in the number of those before it.
    std::size_t position_of_first(const task_filter<Id>& only) const {
        return only.everyone() ? 0 : search(only);
    }

    /// The task that runs first of those that the filter lets through; null if there is none.
    const item* first(const task_filter<Id>& only) const {
        const std::size_t n = position_of_first(only);
        return n < ready_.size() ? &at(n) : nullptr;
    }

    /// It is now running.
    item* start_first(const task_filter<Id>& only) {
        const std::size_t n = position_of_first(only);
        return n < ready_.size() ? &start(n) : nullptr;
    }

    /// The ready task at position `n` of at() is now running.
    item& start(std::size_t n) {
        item& i = tasks_[ready_.at(n).slot];
        ready_.erase(ready_.at(n).slot, by_order());
        i.running = true;
        latest_ = tasks_.position_of(i);
        return i;
    }

    /// A ready task by position, 0 to size() − 1; 0 runs first, the others are in no order.
    const item& at(std::size_t n) const { return tasks_[ready_.at(n).slot]; }

    /// A running task has stopped; the caller adds it again if it is ready. Throws invalid_state if it was
    /// not running.
    item& stop(const Id& id) {
        item& i = tasks_[position_of_running(id)];
        i.running = false;
        return i;
    }

    /// A running task. Throws invalid_state if it is not running.
    const item& running(const Id& id) const { return tasks_[position_of_running(id)]; }
    item& running(const Id& id) { return tasks_[position_of_running(id)]; }

    /// A task that is ready is taken out, to be changed and added again; null if it is not ready.
    item* withdraw(const Id& id) {
        const std::uint32_t n = tasks_.find(id);
        if (n == tasks_.nowhere || !ready_.contains(n)) return nullptr;
        ready_.erase(n, by_order());
        return &tasks_[n];
    }

    /// A task that has not left, whatever it does; null for one that has.
    item* find(const Id& id) {
        const std::uint32_t n = tasks_.find(id);
        return n == tasks_.nowhere ? nullptr : &tasks_[n];
    }

    const item* find(const Id& id) const {
        const std::uint32_t n = tasks_.find(id);
        return n == tasks_.nowhere ? nullptr : &tasks_[n];
    }

    bool is_running(const Id& id) const {
        const std::uint32_t n = tasks_.find(id);
        return n != tasks_.nowhere && tasks_[n].running;
    }

    /// Whether `a` runs before `b`.
    bool before(const item& a, const item& b) const {
        return a.rank != b.rank ? a.rank < b.rank : wins_tie(a, b, rule_);
    }

    tie_break rule() const noexcept { return rule_; }

    /// Forgets a task, whatever it does.
    void remove(const Id& id) {
        const std::uint32_t n = tasks_.erase(id);
        if (n == tasks_.nowhere) return;
        if (ready_.contains(n)) ready_.erase(n, by_order());
        tasks_[n].running = false;
    }

 private:
    // What mostly decides is in the heap itself, so that few comparisons look at the tasks.
    struct node {
        std::int64_t rank = 0;
        time since{};            // where it decides
        std::uint32_t slot = 0;  // the task's position in the table
    };

    // Apart, so that what is done for everyone stays small.
    [[gnu::noinline]] std::size_t search(const task_filter<Id>& only) const {
        return ready_.first_if([&](const node& n) { return only(tasks_[n.slot].task.id); }, by_order());
    }

    std::uint32_t position_of_running(const Id& id) const {
        const auto runs = [&](const item& i) { return i.running && i.task.id == id; };
        if (latest_ != tasks_.nowhere && runs(tasks_[latest_])) return latest_;
        const std::uint32_t n = tasks_.find(id);
        if (n == tasks_.nowhere || !tasks_[n].running)
            throw invalid_state("policy: a task that was not picked is said to run");
        return n;
    }

    auto by_order() const {
        return [this](const node& a, const node& b) {
            if (a.rank != b.rank) return a.rank < b.rank;
            if (a.since != b.since) return a.since < b.since;
            return wins_tie(tasks_[a.slot], tasks_[b.slot], rule_);
        };
    }

    tie_break rule_;
    std::uint64_t arrivals_ = 0;
    task_table<Id, item> tasks_;
    std::uint32_t latest_ =
        tasks_.nowhere;  // the position of who was started last, and is mostly asked about
    indexed_heap<node> ready_;
};

}  // namespace heddle::inline v0::policy
