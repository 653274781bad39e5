// SPDX-License-Identifier: BSL-1.0
#pragma once

// Multilevel queue: tasks belong to a level for good (`priority`, 0 the highest), and each level has a policy
// of its own: round robin for those at a terminal, first come first served for batch work. Strictly, a level
// runs only when those above it are empty, and starves while they are not. With shares of time the levels
// take turns instead, and nobody starves. Use multilevel feedback where nobody says who belongs where.

#include <algorithm>
#include <heddle/policy/any_policy.hpp>
#include <heddle/policy/id_map.hpp>
#include <heddle/rt/error.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

namespace heddle::inline v0::policy {

/// One level: its policy, and how long it runs in its turn; zero for all: strictly by level.
struct queue_level {
    any_policy policy;
    duration share{};
};

/// How a multilevel queue is set up.
struct multilevel_queue_options {
    std::vector<queue_level> levels{};
    bool preemptive = true;  ///< one that comes displaces those of lower levels
};

/// Multilevel queue.
class multilevel_queue {
 public:
    using id_type = std::uint64_t;

    /// Throws std::invalid_argument unless there is a level, and either all have a share or none.
    explicit multilevel_queue(multilevel_queue_options options)
        : levels_(std::move(options.levels)),
          preemptive_(options.preemptive),
          ready_(levels_.size()) {
        if (levels_.empty()) throw std::invalid_argument("multilevel queue: there must be a level");
        const auto shares = std::count_if(levels_.begin(), levels_.end(),
                                          [](const queue_level& l) { return l.share > duration::zero(); });
        if (shares != 0 && shares != static_cast<std::ptrdiff_t>(levels_.size()))
            throw std::invalid_argument("multilevel queue: either all levels have a share of time, or none");
        sliced_ = shares != 0;
    }

    /// A level that is not there is the nearest one.
    void arrive(const task_info<>& task, time now) {
        const std::size_t n = level_for(task);
        const auto [known, is_new] = tasks_.insert(task.id);
        if (!is_new && known->level != n) levels_[known->level].policy.leave(task.id, now);
        *known = {n, true, false};
        ++ready_[n];
        levels_[n].policy.arrive(task, now);
    }

    std::optional<std::uint64_t> pick(time now, task_filter<> only = {}) {
        if (sliced_) end_turn();
        for (std::size_t i = 0; i < levels_.size(); ++i) {
            const std::size_t n = sliced_ ? (turn_ + i) % levels_.size() : i;
            if (ready_[n] == 0) continue;
            const auto id = levels_[n].policy.pick(now, only);
            if (!id) continue;
            if (sliced_ && n != turn_) begin_turn(n);
            --ready_[n];
            place& p = *tasks_.find(*id);
            p.ready = false;
            p.running = true;
            return id;
        }
        return std::nullopt;
    }

    /// As its level has it, and no longer than the level's turn while another level waits.
    duration slice(const std::uint64_t& id, duration used, time now, task_filter<> only = {}) const {
        const std::size_t n = level_of(id);
        const duration left = levels_[n].policy.slice(id, used, now, only);
        if (!sliced_ || !others_wait(n, only)) return left;
        return std::max(duration::zero(), std::min(left, levels_[turn_].share - turn_used_ - used));
    }

    bool preempts(const std::uint64_t& id, duration used, time now, task_filter<> only = {}) const {
        const std::size_t n = level_of(id);
        if (!sliced_ && preemptive_)
            for (std::size_t above = 0; above < n; ++above)
                if (waits(above, only)) return true;
        return ready_[n] > 0 && levels_[n].policy.preempts(id, used, now, only);
    }

    /// The one on the lower level; of two on one level, as the level's policy has it.
    bool makes_way_before(const std::uint64_t& a, duration used_a, const std::uint64_t& b, duration used_b,
                          time now) const {
        const std::size_t on_a = level_of(a), on_b = level_of(b);
        if (on_a != on_b) return !sliced_ && on_a > on_b;
        return levels_[on_a].policy.makes_way_before(a, used_a, b, used_b, now);
    }

    /// Where the turn ends and not the quantum of the level's policy, the task keeps its place.
    void ran(const std::uint64_t& id, duration used, stop_reason why, time now) {
        const std::size_t n = level_of(id);
        if (n == turn_) turn_used_ += used;
        const bool turn_over = sliced_ && why == stop_reason::expired &&
                               levels_[n].policy.slice(id, used, now) > duration::zero();
        levels_[n].policy.ran(id, used, turn_over ? stop_reason::preempted : why, now);
        place& p = *tasks_.find(id);
        p.running = false;
        if (!still_ready(why)) return;
        p.ready = true;
        ++ready_[n];
    }

    void leave(const std::uint64_t& id, time now) {
        const place* const p = tasks_.find(id);
        if (p == nullptr) return;
        if (p->ready) --ready_[p->level];
        levels_[p->level].policy.leave(id, now);
        tasks_.erase(id);
    }

    bool more_urgent(int a, int b) const noexcept { return a < b; }

    /// For explanations: what its level's policy says if there is only one, else which level it is.
    reason why_picked(const std::uint64_t& id, time now) const {
        const std::size_t n = level_of(id);
        if (levels_.size() == 1) return levels_[n].policy.why_picked(id, now);
        return because(sliced_ ? "it is the turn of level" : "the highest level with somebody on it,",
                       static_cast<std::int64_t>(n));
    }
    reason why_over(const std::uint64_t& id, duration used, time now) const {
        const std::size_t n = level_of(id);
        const bool turn_over = sliced_ && levels_[n].policy.slice(id, used, now) > duration::zero();
        return turn_over ? because("its level's turn is over") : levels_[n].policy.why_over(id, used, now);
    }

    /// A task whose priority is another one from now on changes to the level of that, and queues there as one
    /// that comes.
    void adjust(const task_info<>& task, time now) {
        place* const p = tasks_.find(task.id);
        if (p == nullptr) return;
        const std::size_t n = level_for(task);
        if (n == p->level) {
            levels_[n].policy.adjust(task, now);
            return;
        }
        levels_[p->level].policy.leave(task.id, now);
        if (p->ready) {
            --ready_[p->level];
            ++ready_[n];
        }
        p->level = n;
        if (!p->ready && !p->running) return;
        levels_[n].policy.arrive(task, now);
        const auto only_this = [&](std::uint64_t id) { return id == task.id; };
        if (p->running) levels_[n].policy.pick(now, task_filter<>(only_this));
    }

 private:
    struct place {
        std::size_t level = 0;
        bool ready = false;
        bool running = false;
    };

    std::size_t level_of(std::uint64_t id) const {
        const place* const p = tasks_.find(id);
        if (p == nullptr) throw invalid_state("policy: a task that was not picked is said to run");
        return p->level;
    }

    std::size_t level_for(const task_info<>& task) const {
        const auto last = static_cast<std::int64_t>(levels_.size()) - 1;
        return static_cast<std::size_t>(std::clamp<std::int64_t>(task.priority, 0, last));
    }

    // Whether somebody is ready on a level.
    bool waits(std::size_t n, const task_filter<>& only) const {
        if (ready_[n] == 0 || only.everyone()) return ready_[n] > 0;
        return tasks_.any_of(
            [&](std::uint64_t id, const place& p) { return p.level == n && p.ready && only(id); });
    }

    bool others_wait(std::size_t n, const task_filter<>& only) const {
        for (std::size_t other = 0; other < ready_.size(); ++other)
            if (other != n && waits(other, only)) return true;
        return false;
    }

    void begin_turn(std::size_t n) {
        turn_ = n;
        turn_used_ = duration::zero();
    }
    void end_turn() {
        if (turn_used_ >= levels_[turn_].share) begin_turn((turn_ + 1) % levels_.size());
    }

    std::vector<queue_level> levels_;
    bool preemptive_;
    bool sliced_ = false;
    std::vector<std::size_t> ready_;  // how many, by level
    id_map<std::uint64_t, place> tasks_;
    std::size_t turn_ = 0;
    duration turn_used_{};
};
static_assert(adjustable_policy<multilevel_queue>);

}  // namespace heddle::inline v0::policy
