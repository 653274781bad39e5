// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <heddle/sched/workload.hpp>
#include <stdexcept>

namespace heddle::inline v0::sched {

duration task_spec::cpu_time() const {
    duration sum{};
    for (const step& s : steps)
        if (s.kind == step_kind::compute) sum += s.length;
    return sum;
}

std::uint32_t workload::lock_named(std::string_view name) {
    const auto at = std::find(locks.begin(), locks.end(), name);
    if (at != locks.end()) return static_cast<std::uint32_t>(at - locks.begin());
    locks.emplace_back(name);
    return static_cast<std::uint32_t>(locks.size() - 1);
}

namespace {

[[noreturn]] void refuse(const task_spec& t, const std::string& what) {
    throw std::invalid_argument("task " + t.name + ": " + what);
}

void check_times(const task_spec& t) {
    duration left = longest_time;
    for (const step& s : t.steps) {
        if (s.length < duration::zero()) refuse(t, "a step has a negative length");
        if (s.length > left) refuse(t, "its steps take longer than can be counted; give smaller numbers");
        left -= s.length;
    }
    for (const duration d : {t.arrival.time_since_epoch(), t.period, t.deadline.value_or(duration::zero())})
        if (d > longest_time) refuse(t, "a time is longer than can be counted; give smaller numbers");
}

void check_steps(const workload& w, const task_spec& t) {
    std::vector<std::uint32_t> held;
    for (const step& s : t.steps) {
        if (s.kind != step_kind::lock && s.kind != step_kind::unlock) continue;
        if (s.lock >= w.locks.size()) refuse(t, "there is no lock " + std::to_string(s.lock));
        const auto at = std::find(held.begin(), held.end(), s.lock);
        if (s.kind == step_kind::lock) {
            if (at != held.end()) refuse(t, "it locks " + w.locks[s.lock] + ", which it has locked already");
            held.push_back(s.lock);
        } else {
            if (at == held.end()) refuse(t, "it unlocks " + w.locks[s.lock] + ", which it has not locked");
            held.erase(at);
        }
    }
    if (!held.empty()) refuse(t, "it ends and has not unlocked " + w.locks[held.front()]);
}

}  // namespace

void check(const workload& w) {
    for (const task_spec& t : w.tasks) {
        if (t.arrival < time{}) refuse(t, "it arrives before the beginning of time");
        if (t.period < duration::zero()) refuse(t, "its period is negative");
        if (t.deadline && *t.deadline < duration::zero()) refuse(t, "its deadline is before its arrival");
        if (t.width < 1) refuse(t, "it needs no CPU");
        check_times(t);
        if (t.working_set < 0) refuse(t, "its working set is negative");
        if (t.period > duration::zero() && t.cpu_time() == duration::zero())
            refuse(t, "it is periodic and does nothing");
        check_steps(w, t);
    }
}

}  // namespace heddle::inline v0::sched
