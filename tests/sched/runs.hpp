// SPDX-License-Identifier: BSL-1.0
#pragma once

// Workloads in a line, and what became of them in a line.

#include <algorithm>
#include <heddle/sched/simulate.hpp>
#include <heddle/sched/statistics.hpp>
#include <string>
#include <vector>

namespace sched_tests {

using heddle::policy::make_policy;
using heddle::sched::duration;
using heddle::sched::simulation;
using heddle::sched::simulation_options;
using heddle::sched::statistics;
using heddle::sched::step_kind;
using heddle::sched::task_spec;
using heddle::sched::time;
using heddle::sched::workload;

inline time at(std::int64_t t) {
    return time(duration(t));
}

inline task_spec task(std::string name, std::int64_t arrival, std::int64_t burst, int priority = 0) {
    task_spec t;
    t.name = std::move(name);
    t.arrival = at(arrival);
    t.steps = {{step_kind::compute, duration(burst), 0}};
    t.priority = priority;
    return t;
}

inline task_spec periodic(std::string name, std::int64_t burst, std::int64_t period) {
    task_spec t = task(std::move(name), 0, burst);
    t.period = duration(period);
    return t;
}

inline workload tasks(std::vector<task_spec> all) {
    workload w;
    w.tasks = std::move(all);
    return w;
}

/// Names P1, P2 … in the order given.
inline workload bursts(std::vector<std::pair<std::int64_t, std::int64_t>> arrival_and_burst) {
    workload w;
    for (const auto& [arrival, burst] : arrival_and_burst)
        w.tasks.push_back(task("P" + std::to_string(w.tasks.size() + 1), arrival, burst));
    return w;
}

/// "P1 0-4, P2 4-7" on one CPU.
inline std::string chart(const workload& w, const simulation& s, std::uint32_t cpu = 0,
                         std::int64_t end = 1'000'000'000) {
    std::string text;
    for (const auto& g : s.segments) {
        if (g.cpu != cpu || g.begin == g.end || g.begin >= at(end)) continue;
        if (!text.empty()) text += ", ";
        text += w.tasks[g.task].name + " " + std::to_string(g.begin.time_since_epoch().count()) + "-" +
                std::to_string(g.end.time_since_epoch().count());
    }
    return text;
}

/// The classic one: long jobs make short ones wait.
inline const workload convoy = bursts({{0, 24}, {0, 3}, {0, 3}});

inline std::int64_t finish_of(const workload& w, const simulation& s, const std::string& name) {
    for (const auto& j : s.jobs)
        if (w.tasks[j.task].name == name) return j.finish.time_since_epoch().count();
    return -1;
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace sched_tests
