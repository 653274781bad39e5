// SPDX-License-Identifier: BSL-1.0
#pragma once

// What Linux does, in small: tasks with deadlines before those of SCHED_FIFO and SCHED_RR, by priority 1 to
// 99, and these before all others, which share by weight. A task of real time that never waits starves
// everybody below it, but for the fair server: what is left of a second in which fair tasks got nothing, 50
// ms, is theirs. For predicting what this machine does (heddle sched --record); use the single policies to
// understand one. One CPU's queue.

#include <heddle/policy/earliest_deadline_first.hpp>
#include <heddle/policy/fair_share.hpp>
#include <heddle/policy/id_map.hpp>
#include <heddle/policy/ready_list.hpp>

namespace heddle::inline v0::policy {

/// What of Linux can be set.
struct linux_options {
    duration round_robin_quantum = std::chrono::milliseconds(100);  ///< sched_rr_timeslice_ms
    duration fair_slice = std::chrono::microseconds(2800);          ///< base_slice_ns
    duration server_runtime = std::chrono::milliseconds(50);  ///< of the fair server; zero: there is none
    duration server_period = std::chrono::seconds(1);
};

/// Linux's classes for any kind of task id; see linux_classes.
template <task_id Id = std::uint64_t> class basic_linux_classes {
 public:
    using id_type = Id;

    /// Throws std::invalid_argument unless quantum and slice are positive, and the server's time is less than
    /// its period.
    explicit basic_linux_classes(linux_options options = {})
        : options_(options),
          real_time_(tie_break::arrival_then_order),
          fair_({.slice = options.fair_slice}) {
        if (options.round_robin_quantum <= duration::zero())
            throw std::invalid_argument("linux: the quantum must be positive");
        if (options.server_runtime < duration::zero() || options.server_runtime >= options.server_period)
            throw std::invalid_argument("linux: the fair server's time must be less than its period");
    }

    void arrive(const task_info<Id>& task, time now) {
        kinds_[task.id] = task.kind;
        if (is_fair(task.kind)) {
            fair_.arrive(with_weight(task), now);
            begin_to_starve(now);
        } else {
            real_time_.add(real_time_.admit(task, rank_of(task)));
        }
    }

    std::optional<Id> pick(time now, task_filter<Id> only = {}) {
        if (served_until_ && (now >= *served_until_ || fair_.empty())) {
            served_until_.reset();
            starving_since_.reset();  // the next period begins where this one ends
        }
        const bool served = server_due(now) && !fair_.empty(only);
        if (!served) {
            if (const auto* const item = real_time_.start_first(only)) {
                ++running_real_time_;
                begin_to_starve(now);
                return item->task.id;
            }
        }
        const auto id = fair_.pick(now, only);
        if (id && !served && running_real_time_ == 0) starving_since_.reset();  // they get the CPU anyway
        if (id && served && !served_until_) served_until_ = now + options_.server_runtime;
        return id;
    }

    /// What is left of a quantum or request, or the time until the fair server begins or ends.
    duration slice(const Id& id, duration used, time now, task_filter<Id> only = {}) const {
        if (is_fair(kind_of(id))) {
            const duration left = fair_.slice(id, used, now);
            return served_until_ ? std::max(duration::zero(), std::min(left, *served_until_ - now)) : left;
        }
        duration left = unlimited;
        const auto& item = real_time_.running(id);
        if (item.task.kind == task_class::round_robin)
            left = std::max(duration::zero(), options_.round_robin_quantum - item.spent - used);
        if (has_server() && starving_since_ && !fair_.empty(only)) left = std::min(left, due_at() - now);
        return std::max(duration::zero(), left);
    }

    bool preempts(const Id& id, duration used, time now, task_filter<Id> only = {}) const {
        const auto* const first = real_time_.first(only);
        if (is_fair(kind_of(id))) {
            if (served_until_ && now < *served_until_) return false;
            return first != nullptr || fair_.preempts(id, used, now, only);
        }
        return first != nullptr && first->rank < real_time_.running(id).rank;
    }

    /// A fair one before one of real time; of these, the less urgent one.
    bool makes_way_before(const Id& a, duration used_a, const Id& b, duration used_b, time now) const {
        const bool fair_a = is_fair(kind_of(a)), fair_b = is_fair(kind_of(b));
        if (fair_a != fair_b) return fair_a;
        if (fair_a) return fair_.makes_way_before(a, used_a, b, used_b, now);
        return real_time_.running(a).rank > real_time_.running(b).rank;
    }

    /// One of real time that is displaced goes on before those of its priority.
    void ran(const Id& id, duration used, stop_reason why, time now) {
        if (is_fair(kind_of(id))) {
            fair_.ran(id, used, why, now);
            return;
        }
        auto& item = real_time_.stop(id);
        --running_real_time_;
        if (!still_ready(why)) return;
        item.spent += used;
        const bool turn_over =
            item.task.kind == task_class::round_robin && item.spent >= options_.round_robin_quantum;
        if (turn_over || why == stop_reason::yielded) {
            item.spent = duration::zero();
            real_time_.behind(item, now);
        }
        real_time_.add(item);
    }

    void leave(const Id& id, time now) {
        if (real_time_.is_running(id)) --running_real_time_;
        real_time_.remove(id);
        fair_.leave(id, now);
        kinds_.erase(id);
    }

    bool more_urgent(int a, int b) const noexcept { return a > b; }

    /// For explanations.
    reason why_picked(const Id& id, time now) const {
        const task_class kind = kind_of(id);
        if (is_fair(kind))
            return served_until_ ? because("the fair server's time") : fair_.why_picked(id, now);
        const auto& task = real_time_.running(id).task;
        if (kind == task_class::deadline) return deadline_urgency::because(task);
        return because("the highest priority of real time,", std::int64_t{task.priority});
    }
    reason why_over(const Id& id, duration used, time now) const {
        const task_class kind = kind_of(id);
        if (is_fair(kind))
            return served_until_ && now >= *served_until_ ? because("the fair server's time is over")
                                                          : reason{};
        const auto& item = real_time_.running(id);
        const bool quantum =
            kind == task_class::round_robin && item.spent + used >= options_.round_robin_quantum;
        return quantum ? reason{} : because("the fair server's time begins");
    }

    /// A task's priority or weight is another one from now on; its class stays.
    void adjust(const task_info<Id>& task, time now) {
        fair_.adjust(with_weight(task), now);
        auto* const item = real_time_.find(task.id);
        if (item == nullptr) return;
        auto* const ready = real_time_.withdraw(task.id);
        item->task.priority = task.priority;
        item->task.deadline = task.deadline;
        item->rank = rank_of(item->task);
        if (ready != nullptr) real_time_.add(*ready);
    }

 private:
    static bool is_fair(task_class kind) {
        return kind == task_class::fair || kind == task_class::batch || kind == task_class::idle;
    }
    static task_info<Id> with_weight(task_info<Id> task) {
        if (task.kind == task_class::idle) task.weight = idle_weight;
        return task;
    }
    // Deadlines, from the beginning of time, are before all priorities.
    static std::int64_t rank_of(const task_info<Id>& task) {
        constexpr std::int64_t after_deadlines = duration::max().count() - 1000;
        if (task.kind == task_class::deadline)
            return std::min(deadline_urgency::of(task), after_deadlines - 1000);
        return after_deadlines - task.priority;
    }
    task_class kind_of(const Id& id) const {
        const task_class* const kind = kinds_.find(id);
        if (kind == nullptr) throw invalid_state("policy: a task that was not picked is said to run");
        return *kind;
    }

    bool has_server() const noexcept { return options_.server_runtime > duration::zero(); }
    time due_at() const { return *starving_since_ + (options_.server_period - options_.server_runtime); }
    bool server_due(time now) const {
        return has_server() && (served_until_ || (starving_since_ && now >= due_at()));
    }
    void begin_to_starve(time now) {
        if (!starving_since_ && !fair_.empty() && (running_real_time_ > 0 || !real_time_.empty()))
            starving_since_ = now;
    }

    linux_options options_;
    ready_list<Id> real_time_;
    basic_fair_share<Id> fair_;
    id_map<Id, task_class> kinds_;
    int running_real_time_ = 0;
    std::optional<time> starving_since_;  // when fair tasks began to wait behind those of real time
    std::optional<time> served_until_;    // the server's time is running
};

/// Linux's classes.
using linux_classes = basic_linux_classes<>;
static_assert(adjustable_policy<linux_classes>);

}  // namespace heddle::inline v0::policy
