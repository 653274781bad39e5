// SPDX-License-Identifier: BSL-1.0
#pragma once

// Stride: each task has a pass, which advances by its stride (a constant divided by its tickets, `weight`)
// for each quantum it runs; the smallest pass is next. It gives the shares of a lottery evenly: after each
// round everybody has exactly the share that is due. Nobody starves: passes are kept to a small fraction, so
// that they move however many tickets there are. A newcomer begins at the smallest pass
// of the others, and one that waited gets nothing for the time it was away. C. Waldspurger and W. Weihl,
// MIT/LCS/TM-528, 1995.

#include <bit>
#include <heddle/policy/ready_list.hpp>
#include <stdexcept>
#include <vector>

namespace heddle::inline v0::policy {

/// How stride is set up.
struct stride_options {
    duration quantum{};
    std::int64_t constant = 10000;  ///< what is divided by the tickets
    tie_break ties = tie_break::id;
};

/// Stride for any kind of task id; see stride.
template <task_id Id = std::uint64_t> class basic_stride {
 public:
    using id_type = Id;
    static constexpr bool slices_stand = true;  ///< whoever comes

    /// Throws std::invalid_argument unless quantum and constant are positive.
    explicit basic_stride(stride_options options) : options_(options), list_(options.ties) {
        if (options.quantum <= duration::zero())
            throw std::invalid_argument("stride: the quantum must be positive");
        if (options.constant <= 0 || options.constant > largest_constant)
            throw std::invalid_argument("stride: the constant must be from 1 to 1000000000");
        fraction_ = 44 - static_cast<int>(std::bit_width(static_cast<std::uint64_t>(options.constant)));
    }

    void arrive(const task_info<Id>& task, time) {
        auto& item = list_.admit(task);
        bring_up_to_date(item);
        item.rank = item.kept = item.known ? std::max(item.kept, least_) : least_;
        list_.add(item);
    }

    std::optional<Id> pick(time, task_filter<Id> only = {}) {
        const auto* const item = list_.start_first(only);
        if (item == nullptr) return std::nullopt;
        const Id id = item->task.id;
        least_ = std::max(least_, item->kept);
        if (least_ >= lap) begin_lap();
        return id;
    }

    /// What is left of the quantum.
    duration slice(const Id&, duration used, time) const {
        return std::max(duration::zero(), options_.quantum - used);
    }
    static constexpr bool preempts(const Id&, duration, time) { return false; }

    /// One that did not use its quantum pays for what it used.
    void ran(const Id& id, duration used, stop_reason why, time now) {
        auto& item = list_.stop(id);
        bring_up_to_date(item);
        item.rank = item.kept += advance(item.task.weight, used);
        if (!still_ready(why)) return;
        list_.behind(item, now);
        list_.add(item);
    }

    /// For explanations.
    reason why_picked(const Id& id, time) const { return because("the smallest pass,", pass(id)); }

    void leave(const Id& id, time) { list_.remove(id); }

    /// A task has another number of tickets from now on.
    void adjust(const task_info<Id>& task, time) {
        if (auto* const item = list_.find(task.id)) item->task.weight = task.weight;
    }

    /// How far a task is. Throws invalid_state for one that has left.
    std::int64_t pass(const Id& id) const {
        const auto* const item = list_.find(id);
        if (item == nullptr) throw invalid_state("policy: the pass of a task that is not there is asked for");
        return static_cast<std::int64_t>((item->kept + static_cast<wide>(item->running_rank) * lap) >>
                                         fraction_);
    }

 private:
    static constexpr std::int64_t largest_constant = 1'000'000'000;

    __extension__ using wide = __int128;

    // Passes are multiples of a 2^fraction_-th. A quantum with one ticket is about 2^44 of these, so one with
    // any number of tickets is thousands of them, and it takes 2^16 quanta with one ticket to come round a
    // lap.
    static constexpr std::int64_t lap = std::int64_t{1} << 60;

    std::int64_t advance(std::uint32_t tickets, duration used) const {
        const std::int64_t whole = options_.constant << fraction_;
        const auto held = std::max<std::int64_t>(1, tickets);
        if (used == options_.quantum) return whole / held;
        const wide part =
            static_cast<wide>(whole) * used.count() / (static_cast<wide>(options_.quantum.count()) * held);
        return static_cast<std::int64_t>(std::min<wide>(part, lap));
    }

    // Before passes grow too large, all become smaller by a lap: the ready ones at once, the others when they
    // come back. One that was away for several is behind everybody in any case.
    void begin_lap() {
        ++laps_;
        least_ -= lap;
        std::vector<Id> ids;
        for (std::size_t n = 0; n < list_.size(); ++n) ids.push_back(list_.at(n).task.id);
        for (const Id& id : ids) {
            auto* const item = list_.withdraw(id);
            bring_up_to_date(*item);
            item->rank = item->kept;
            list_.add(*item);
        }
    }
    void bring_up_to_date(listed_task<Id>& item) const {
        item.kept -= std::min<std::int64_t>(laps_ - item.running_rank, 4) * lap;
        item.running_rank = laps_;
    }

    stride_options options_;
    ready_list<Id> list_;
    int fraction_ = 0;        // how many bits of a pass are behind the point
    std::int64_t least_ = 0;  // of the pass of those that were picked
    std::int64_t laps_ = 0;   // how many were taken off; each task's running_rank says how many off its pass
};

/// Stride.
using stride = basic_stride<>;
static_assert(adjustable_policy<stride>);

}  // namespace heddle::inline v0::policy
