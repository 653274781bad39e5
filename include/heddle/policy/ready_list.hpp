// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the policies that keep one list have in common: the ready tasks, of which the first to run is found at
// once, and what is remembered of the others. For writing a policy; users need only the policies themselves.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <heddle/policy/id_map.hpp>
#include <heddle/policy/policy.hpp>
#include <heddle/rt/error.hpp>
#include <vector>

namespace heddle::inline v0::policy {

/// A task as a policy keeps it, from its first arrive() to leave().
template <task_id Id> struct listed_task {
    task_info<Id> task;
    std::int64_t rank = 0;          // of the policy; smaller runs first
    std::int64_t running_rank = 0;  // that it was picked with
    time since{};                   // when it became ready, for ties
    int side = 0;                   // of those with one `since`, smaller runs first whatever the tie rule
    std::uint64_t order = 0;        // in which arrive() and behind() were called
    time waiting_since{};           // when it last stopped running or arrived
    duration spent{};               // of its quantum, in earlier runs
    // These two are the policy's own, and admit() leaves them alone when a task comes back.
    std::int64_t kept = 0;
    duration charged{};
    bool known = false;  // it was here before: it has been blocked
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

    bool empty() const noexcept { return heap_.empty(); }
    std::size_t size() const noexcept { return heap_.size(); }

    /// A task that becomes ready now; add() it next. Throws invalid_state if it is ready or running already.
    item& admit(const task_info<Id>& task, std::int64_t rank = 0) {
        entry& e = entry_for(task.id);
        if (e.where != nowhere) throw invalid_state("policy: a task arrives that is ready or runs already");
        item& i = e.value;
        i.task = task;
        i.rank = rank;
        i.since = i.waiting_since = task.arrival;
        i.side = 0;
        i.spent = duration::zero();
        i.order = arrivals_++;
        return i;
    }

    /// Puts one that admit(), stop() or withdraw() gave out among the ready ones.
    void add(const item& i) {
        const std::uint32_t n = *places_.find(i.task.id);
        entries_[n].value.known = true;
        heap_.push_back({});
        sift_up(heap_.size() - 1, {i.rank, i.since, n});
    }

    /// One that stopped is to queue as if it came now, behind those that really do.
    void behind(item& i, time now) {
        i.since = now;
        i.side = 1;
        i.order = arrivals_++;
    }

    /// The task that runs first. There must be one.
    const item& first() const { return entries_[heap_.front().entry].value; }

    /// The first ready task is now running. There must be one.
    item& start_first() { return start(0); }

    /// The ready task at position `n` of at() is now running.
    item& start(std::size_t n) {
        entry& e = entries_[heap_[n].entry];
        take_out(n);
        e.where = runs;
        return e.value;
    }

    /// A ready task by position, 0 to size() − 1; 0 runs first, the others are in no order.
    const item& at(std::size_t n) const { return entries_[heap_[n].entry].value; }

    /// A running task has stopped; the caller adds it again if it is ready. Throws invalid_state if it was
    /// not running.
    item& stop(const Id& id) {
        entry& e = entries_[place_of_running(id)];
        e.where = nowhere;
        return e.value;
    }

    /// A running task. Throws invalid_state if it is not running.
    const item& running(const Id& id) const { return entries_[place_of_running(id)].value; }
    item& running(const Id& id) { return entries_[place_of_running(id)].value; }

    /// A task that is ready is taken out, to be changed and added again; null if it is not ready.
    item* withdraw(const Id& id) {
        const std::uint32_t* const n = places_.find(id);
        if (n == nullptr || entries_[*n].where >= runs) return nullptr;
        take_out(entries_[*n].where);
        return &entries_[*n].value;
    }

    /// A task that has not left, whatever it does; null for one that has.
    item* find(const Id& id) {
        const std::uint32_t* const n = places_.find(id);
        return n == nullptr ? nullptr : &entries_[*n].value;
    }

    bool is_running(const Id& id) const {
        const std::uint32_t* const n = places_.find(id);
        return n != nullptr && entries_[*n].where == runs;
    }

    /// Whether `a` runs before `b`.
    bool before(const item& a, const item& b) const {
        return a.rank != b.rank ? a.rank < b.rank : wins_tie(a, b, rule_);
    }

    tie_break rule() const noexcept { return rule_; }

    /// Forgets a task, whatever it does.
    void remove(const Id& id) {
        const std::uint32_t* const found = places_.find(id);
        if (found == nullptr) return;
        const std::uint32_t n = *found;
        if (entries_[n].where < runs) take_out(entries_[n].where);
        entries_[n] = entry{};
        free_.push_back(n);
        places_.erase(id);
    }

 private:
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
    static constexpr std::uint32_t runs = nowhere - 1;

    struct entry {
        item value{};
        std::uint32_t where = nowhere;  // its position in the heap, or one of the two above
    };
    // What mostly decides is in the heap itself, so that few comparisons look at the entries.
    struct node {
        std::int64_t rank = 0;
        time since{};
        std::uint32_t entry = 0;
    };

    entry& entry_for(const Id& id) {
        if (const std::uint32_t* const n = places_.find(id)) return entries_[*n];
        std::uint32_t n = 0;
        if (free_.empty()) {
            n = static_cast<std::uint32_t>(entries_.size());
            entries_.emplace_back();
        } else {
            n = free_.back();
            free_.pop_back();
        }
        places_[id] = n;
        return entries_[n];
    }

    std::uint32_t place_of_running(const Id& id) const {
        const std::uint32_t* const n = places_.find(id);
        if (n == nullptr || entries_[*n].where != runs)
            throw invalid_state("policy: a task that was not picked is said to run");
        return *n;
    }

    bool sooner(const node& a, const node& b) const {
        if (a.rank != b.rank) return a.rank < b.rank;
        if (rule_ != tie_break::id && a.since != b.since) return a.since < b.since;
        return wins_tie(entries_[a.entry].value, entries_[b.entry].value, rule_);
    }

    void put(std::size_t at, const node& n) {
        heap_[at] = n;
        entries_[n.entry].where = static_cast<std::uint32_t>(at);
    }

    void sift_up(std::size_t at, const node& n) {
        for (; at > 0; at = (at - 1) / 4) {
            const std::size_t parent = (at - 1) / 4;
            if (!sooner(n, heap_[parent])) break;
            put(at, heap_[parent]);
        }
        put(at, n);
    }

    void sift_down(std::size_t at, const node& n) {
        for (;;) {
            std::size_t best = at * 4 + 1;
            if (best >= heap_.size()) break;
            const std::size_t end = std::min(best + 4, heap_.size());
            for (std::size_t child = best + 1; child < end; ++child)
                if (sooner(heap_[child], heap_[best])) best = child;
            if (!sooner(heap_[best], n)) break;
            put(at, heap_[best]);
            at = best;
        }
        put(at, n);
    }

    void take_out(std::size_t at) {
        entries_[heap_[at].entry].where = nowhere;
        const node last = heap_.back();
        heap_.pop_back();
        if (at == heap_.size()) return;
        if (at > 0 && sooner(last, heap_[(at - 1) / 4]))
            sift_up(at, last);
        else
            sift_down(at, last);
    }

    tie_break rule_;
    std::uint64_t arrivals_ = 0;
    std::vector<entry> entries_;
    std::vector<std::uint32_t> free_;
    id_map<Id, std::uint32_t> places_;
    std::vector<node> heap_;  // four children each: half as deep as with two, and they share a cache line
};

}  // namespace heddle::inline v0::policy
