// SPDX-License-Identifier: BSL-1.0
#include "horizon.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace heddle::inline v0::sched {

namespace {

__extension__ using wide = __int128;

constexpr std::int64_t longest_hyperperiod = 1'000'000'000'000'000;

bool is_endless(const task_spec& t) {
    return t.period > duration::zero() && t.jobs == 0;
}

wide count(time t) {
    return t.time_since_epoch().count();
}

// Where releases of periodic tasks begin to repeat.
wide common_end(const workload& w) {
    time last{};
    std::int64_t common = 1;
    bool together = true;
    for (const task_spec& t : w.tasks) {
        last = std::max(last, t.arrival);
        if (!is_endless(t)) continue;
        together = together && t.arrival == time{};
        const std::int64_t factor = t.period.count() / std::gcd(common, t.period.count());
        if (factor > longest_hyperperiod / common)
            throw std::invalid_argument(
                "the periods have no common multiple of reasonable length: give the end");
        common *= factor;
    }
    return count(last) + (together ? 1 : 2) * wide{common};
}

struct extent {
    wide end = 0;   // if everything happened one after the other, without switches
    wide work = 0;  // of all CPUs
};

extent extent_of(const workload& w, wide until) {
    extent e;
    wide last = 0, steps = 0;
    for (const task_spec& t : w.tasks) {
        if (count(t.arrival) > until) continue;
        wide again = 0;
        if (t.period > duration::zero()) {
            again = (until - count(t.arrival)) / t.period.count();
            if (t.jobs != 0) again = std::min<wide>(again, static_cast<wide>(t.jobs) - 1);
        }
        std::int64_t once = 0, on_cpu = 0;  // check() has seen that these fit
        for (const step& s : t.steps) {
            once += s.length.count();
            if (s.kind == step_kind::compute) on_cpu += s.length.count();
        }
        steps += once * (again + 1);
        e.work += on_cpu * (again + 1) * t.width;
        last = std::max(last, count(t.arrival) + again * t.period.count() +
                                  std::max(t.deadline.value_or(duration::zero()), t.period).count());
    }
    e.end = last + steps;
    return e;
}

}  // namespace

time last_arrival(const workload& w, const simulation_options& options) {
    // Without these, check() has seen that the times fit.
    if (std::none_of(w.tasks.begin(), w.tasks.end(), is_endless)) return options.until;
    const bool open = options.until == time::max();
    const wide until = open ? common_end(w) : count(options.until);
    if (until > count(latest_time))
        throw std::invalid_argument("the end is later than can be counted: give an earlier one");
    extent e = extent_of(w, until);
    if (!open) {
        e.end = std::min(e.end, until);
        e.work = std::min(e.work, until * options.cpus);
    }
    if (std::max(e.end, e.work) > count(latest_time))
        throw std::invalid_argument(
            "the times of all tasks add up to more than can be counted: give smaller numbers");
    return time(duration(static_cast<std::int64_t>(until)));
}

}  // namespace heddle::inline v0::sched
