// SPDX-License-Identifier: BSL-1.0
#include "cliff.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <sched/report.hpp>

namespace heddle::inline v0::cli {

namespace {

using policy::task_class;
using sched::duration;

// What the policy gives to the task alone.
duration quantum_of(const policy::any_policy& rule, const sched::task_spec& t) {
    policy::any_policy p = rule;
    policy::task_info<> info;
    info.priority = t.priority;
    info.kind = t.kind;
    p.arrive(info, {});
    return p.pick({}) ? p.slice(info.id, {}, {}) : policy::unlimited;
}

// The first burst that is a whole number of quanta; zero if there is none. A lock that is free ends none.
duration whole_burst(const sched::task_spec& t, duration quantum) {
    duration burst{};
    const auto is_whole = [&] { return burst > duration::zero() && burst % quantum == duration::zero(); };
    for (const sched::step& s : t.steps) {
        if (s.kind == sched::step_kind::compute) burst += s.length;
        if (s.kind != sched::step_kind::wait && s.kind != sched::step_kind::yield) continue;
        if (is_whole()) return burst;
        burst = {};
    }
    return is_whole() ? burst : duration::zero();
}

}  // namespace

std::string cliff_warning(const sched::workload& w, const std::string& name, const policy::any_policy& rule) {
    if (w.unit != sched::time_unit::nanoseconds) return "";
    const std::string kind = name.substr(0, name.find_first_of(" :"));
    const bool is_linux = kind == "linux" || kind == "linux_classes";
    if (!is_linux && kind != "rr" && kind != "round_robin") return "";
    // Who takes turns with somebody.
    const auto takes_turns = [&](const sched::task_spec& t) {
        return !is_linux || t.kind == task_class::round_robin;
    };
    const auto same_queue = [&](const sched::task_spec& a, const sched::task_spec& b) {
        return &a != &b && takes_turns(b) && (!is_linux || a.priority == b.priority);
    };
    const sched::task_spec* first = nullptr;
    duration burst{}, quantum{};
    std::size_t more = 0;
    for (const sched::task_spec& t : w.tasks) {
        if (!takes_turns(t) || std::none_of(w.tasks.begin(), w.tasks.end(),
                                            [&](const auto& other) { return same_queue(t, other); }))
            continue;
        const duration q = quantum_of(rule, t);
        const duration b = whole_burst(t, q);
        if (b == duration::zero()) continue;
        more += first != nullptr ? 1 : 0;
        if (first != nullptr) continue;
        first = &t;
        burst = b;
        quantum = q;
    }
    if (first == nullptr) return "";
    const auto quanta = burst / quantum;
    return fmt::format(
        "warning: under {}, {}{} {} for a whole number of quanta ({} is {} of {}); on a real machine a "
        "little more costs a whole round",
        name, first->name, more == 0 ? "" : fmt::format(" and {} more", more), more == 0 ? "runs" : "run",
        sched::show(burst, w.unit), quanta, sched::show(quantum, w.unit));
}

}  // namespace heddle::inline v0::cli
