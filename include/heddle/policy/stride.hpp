// SPDX-License-Identifier: BSL-1.0
#pragma once

// Stride: each task has a pass, which advances by its stride (a constant divided by its tickets, `weight`)
// for each quantum it runs; the smallest pass is next. It gives the shares of a lottery evenly: after each
// round everybody has exactly the share that is due. Nobody starves. A newcomer begins at the smallest pass
// of the others, and one that waited gets nothing for the time it was away. C. Waldspurger and W. Weihl,
// MIT/LCS/TM-528, 1995.

#include <heddle/policy/ready_list.hpp>
#include <stdexcept>

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

    /// Throws std::invalid_argument unless quantum and constant are positive.
    explicit basic_stride(stride_options options) : options_(options), list_(options.ties) {
        if (options.quantum <= duration::zero())
            throw std::invalid_argument("stride: the quantum must be positive");
        if (options.constant <= 0 || options.constant > largest_constant)
            throw std::invalid_argument("stride: the constant must be from 1 to 1000000000");
    }

    void arrive(const task_info<Id>& task, time) {
        auto& item = list_.admit(task);
        item.kept = item.known ? std::max(item.kept, least_) : least_;
        item.rank = item.kept;
        list_.add(item);
    }

    std::optional<Id> pick(time) {
        if (list_.empty()) return std::nullopt;
        auto& item = list_.start_first();
        least_ = std::max(least_, item.kept);
        return item.task.id;
    }

    /// What is left of the quantum.
    duration slice(const Id&, duration used, time) const {
        return std::max(duration::zero(), options_.quantum - used);
    }
    bool preempts(const Id&, duration, time) const { return false; }

    /// One that did not use its quantum pays for what it used.
    void ran(const Id& id, duration used, stop_reason why, time now) {
        auto& item = list_.stop(id);
        item.kept += advance(item.task.weight, used);
        item.rank = item.kept;
        if (!still_ready(why)) return;
        list_.behind(item, now);
        list_.add(item);
    }

    void leave(const Id& id, time) { list_.remove(id); }

    /// A task has another number of tickets from now on.
    void adjust(const task_info<Id>& task, time) {
        if (auto* const item = list_.find(task.id)) item->task.weight = task.weight;
    }

    /// How far a task is. Throws invalid_state for one that has left.
    std::int64_t pass(const Id& id) {
        const auto* const item = list_.find(id);
        if (item == nullptr) throw invalid_state("policy: the pass of a task that is not there is asked for");
        return item->kept;
    }

 private:
    static constexpr std::int64_t largest_constant = 1'000'000'000;

    // Whole quanta advance by whole strides, as the paper's; the rest in proportion.
    std::int64_t advance(std::uint32_t tickets, duration used) const {
        const std::int64_t step = options_.constant / std::max<std::int64_t>(1, tickets);
        const std::int64_t rest = (used % options_.quantum).count();
        const double part = static_cast<double>(rest) / static_cast<double>(options_.quantum.count());
        return used / options_.quantum * step + static_cast<std::int64_t>(part * static_cast<double>(step));
    }

    stride_options options_;
    ready_list<Id> list_;
    std::int64_t least_ = 0;  // of the pass of those that were picked
};

/// Stride.
using stride = basic_stride<>;
static_assert(adjustable_policy<stride>);

}  // namespace heddle::inline v0::policy
