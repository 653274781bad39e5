// SPDX-License-Identifier: BSL-1.0
#pragma once

// One CPU in virtual time, just enough to test policies: no I/O, no cost of switching.

#include <algorithm>
#include <heddle/policy/policy.hpp>
#include <map>
#include <string>
#include <vector>

namespace policy_tests {

using heddle::policy::duration;
using heddle::policy::stop_reason;
using heddle::policy::task_info;
using heddle::policy::time;
using heddle::policy::unlimited;

inline time at(std::int64_t t) {
    return time(duration(t));
}

inline task_info<> job(std::uint64_t id, std::int64_t arrival, std::int64_t burst, int priority = 0) {
    return {.id = id, .arrival = at(arrival), .burst = duration(burst), .priority = priority};
}

struct outcome {
    std::int64_t arrival = 0, burst = 0, first_run = -1, finish = -1;
    std::int64_t turnaround() const { return finish - arrival; }
    std::int64_t wait() const { return turnaround() - burst; }
    std::int64_t response() const { return first_run - arrival; }
};

struct result {
    std::string chart;  // "P1 0-24, P2 24-27"
    std::map<std::uint64_t, outcome> tasks;

    double average(std::int64_t (outcome::*of)() const) const {
        std::int64_t sum = 0;
        for (const auto& [id, o] : tasks) sum += (o.*of)();
        return static_cast<double>(sum) / static_cast<double>(tasks.size());
    }
    double wait() const { return average(&outcome::wait); }
    double turnaround() const { return average(&outcome::turnaround); }
    double response() const { return average(&outcome::response); }
};

// Which of the things that happen at one instant a policy is told first. It must not matter.
enum class tell_first { arrivals, stops };

template <heddle::policy::scheduling_policy P>
result simulate(P policy, std::vector<task_info<>> jobs, tell_first first = tell_first::arrivals) {
    std::multimap<time, task_info<>> sorted;  // keeps the order of those that arrive together
    for (const auto& j : jobs) sorted.emplace(j.arrival, j);
    std::transform(sorted.begin(), sorted.end(), jobs.begin(),
                   [](const auto& entry) { return entry.second; });
    result r;
    std::map<std::uint64_t, duration> left;
    for (const auto& j : jobs) {
        r.tasks[j.id] = {.arrival = j.arrival.time_since_epoch().count(), .burst = j.burst->count()};
        left[j.id] = *j.burst;
    }

    time now{};
    std::size_t next = 0;
    std::optional<std::uint64_t> running;
    duration used{}, slice{};
    std::uint64_t shown = ~0ull;
    time shown_from{};
    const auto show = [&](time until) {
        if (shown == ~0ull || shown_from == until) return;
        if (!r.chart.empty()) r.chart += ", ";
        r.chart += "P" + std::to_string(shown) + " " + std::to_string(shown_from.time_since_epoch().count()) +
                   "-" + std::to_string(until.time_since_epoch().count());
    };
    const auto run = [&](std::uint64_t id) {
        if (shown == id) return;
        show(now);
        shown = id;
        shown_from = now;
    };

    while (next < jobs.size() || running) {
        duration step = next < jobs.size() ? jobs[next].arrival - now : unlimited;
        if (running) step = std::min({step, left[*running], slice});
        now += step;
        if (running) {
            used += step;
            left[*running] -= step;
            slice -= slice == unlimited ? duration() : step;
        }

        bool arrived = false;
        const auto arrivals = [&] {
            for (; next < jobs.size() && jobs[next].arrival == now; ++next, arrived = true)
                policy.arrive(jobs[next], now);
        };
        const auto stop = [&](stop_reason why) {
            policy.ran(*running, used, why, now);
            if (why == stop_reason::finished) {
                r.tasks[*running].finish = now.time_since_epoch().count();
                policy.leave(*running, now);
            }
            running.reset();
        };
        if (first == tell_first::arrivals) arrivals();
        if (running && left[*running] == duration())
            stop(stop_reason::finished);
        else if (running && slice == duration())
            stop(stop_reason::expired);
        arrivals();
        if (running && arrived && policy.preempts(*running, used, now)) stop(stop_reason::preempted);

        if (!running) {
            running = policy.pick(now);
            used = duration();
            if (running) {
                auto& o = r.tasks[*running];
                if (o.first_run < 0) o.first_run = now.time_since_epoch().count();
                run(*running);
            } else {
                show(now);
                shown = ~0ull;
            }
        }
        if (running) slice = policy.slice(*running, used, now);
    }
    return r;
}

}  // namespace policy_tests
