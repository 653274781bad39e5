// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <limits>
#include <stdexcept>

#include "task_check.hpp"

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

// Apart, for few tasks have any.
[[gnu::noinline]] void check_locks(const workload& w, const task_spec& t) {
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

// Sums of times that are too large for their type stay at its end.
std::int64_t sum(std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    return __builtin_add_overflow(a, b, &result) ? std::numeric_limits<std::int64_t>::max() : result;
}
std::int64_t product(std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    return __builtin_mul_overflow(a, b, &result) ? std::numeric_limits<std::int64_t>::max() : result;
}

}  // namespace

void task_check::take(const workload& w, const task_spec& t) {
    if (t.arrival < time{}) refuse(t, "it arrives before the beginning of time");
    if (t.period < duration::zero()) refuse(t, "its period is negative");
    if (t.deadline && *t.deadline < duration::zero()) refuse(t, "its deadline is before its arrival");
    if (t.jobs > 0 && t.period == duration::zero()) refuse(t, "it has jobs= and no period=");
    if (t.width < 1) refuse(t, "it needs no CPU");
    if (t.working_set < 0) refuse(t, "its working set is negative");
    bool locks = false, negative = false;
    std::int64_t once = 0;
    for (const step& s : t.steps) {
        locks = locks || s.kind == step_kind::lock || s.kind == step_kind::unlock;
        negative = negative || s.length < duration::zero();
        once = sum(once, s.length.count());
    }
    if (locks) check_locks(w, t);
    if (negative) refuse(t, "a step has a negative length");
    if (t.period > duration::zero() && t.cpu_time() == duration::zero())
        refuse(t, "it is periodic and does nothing");
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    const auto jobs = static_cast<std::int64_t>(std::clamp<std::uint64_t>(t.jobs, 1, most));
    work_ = sum(work_, product(product(once, jobs), t.width));
    const std::int64_t due =
        sum(product(t.period.count(), jobs), t.deadline.value_or(duration::zero()).count());
    latest_ = std::max(latest_, sum(t.arrival.time_since_epoch().count(), due));
    if (sum(work_, latest_) > longest_time.count())
        refuse(t, "with it the times add up to more than 2.3e18; give shorter ones, or a longer unit");
}

void check(const workload& w) {
    task_check all;
    for (const task_spec& t : w.tasks) all.take(w, t);
}

}  // namespace heddle::inline v0::sched
