// SPDX-License-Identifier: BSL-1.0
#include "live_run.hpp"

#include <algorithm>
#include <exception>
#include <heddle/policy/nice_weight.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/task/policy_pool.hpp>
#include <heddle/task/this_task.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../usage_error.hpp"

namespace heddle::inline v0::cli {

namespace {

using policy::duration;
using policy::stop_reason;
using policy::task_info;
using rt::clock;
using sched::step_kind;

class coarse_policy {
 public:
    using id_type = std::uint64_t;

    coarse_policy(duration unit, policy::any_policy rule) : unit_(unit), rule_(std::move(rule)) {}

    void arrive(const task_info<>& task, policy::time now) { rule_.arrive(coarse(task), coarse(now)); }
    std::optional<std::uint64_t> pick(policy::time now) { return rule_.pick(coarse(now)); }
    duration slice(const std::uint64_t& id, duration used, policy::time now) const {
        const duration left = rule_.slice(id, duration(used / unit_), coarse(now));
        if (left == policy::unlimited) return left;
        return left * unit_.count() - used % unit_;
    }
    bool preempts(const std::uint64_t& id, duration used, policy::time now) const {
        return rule_.preempts(id, duration(used / unit_), coarse(now));
    }
    // Rounded, because a task that ran for its quantum ran for a little more, or less.
    void ran(const std::uint64_t& id, duration used, stop_reason why, policy::time now) {
        rule_.ran(id, duration((used + unit_ / 2) / unit_), why, coarse(now));
    }
    void leave(const std::uint64_t& id, policy::time now) { rule_.leave(id, coarse(now)); }

 private:
    policy::time coarse(policy::time t) const { return policy::time(duration(t.time_since_epoch() / unit_)); }
    task_info<> coarse(task_info<> task) const {
        task.arrival = coarse(task.arrival);
        if (task.burst) task.burst = duration((*task.burst + unit_ / 2) / unit_);
        if (task.deadline) task.deadline = coarse(*task.deadline);
        if (task.period) task.period = duration((*task.period + unit_ / 2) / unit_);
        return task;
    }

    duration unit_;
    policy::any_policy rule_;
};

// When tasks that still wait for locks wait for each other, and when all that runs stops.
struct limits {
    clock::time_point give_up;
    clock::time_point end;

    bool over() const { return clock::now() >= end; }
};

// Keeps the CPU busy until the task has had so much of it; false if it is over before.
bool keep_busy(duration length, const limits& until) {
    constexpr auto between_checks = std::chrono::microseconds(20);
    duration used{};
    while (used < length) {
        const auto begin = rt::thread_cpu_time();
        const duration part = std::min<duration>(length - used, between_checks);
        duration now{};
        do now = rt::thread_cpu_time() - begin;
        while (now < part);
        used += now;
        if (used >= length) break;
        if (until.over()) return false;
        this_task::check();  // may go on on another thread
    }
    return true;
}

// The locks of one task. One that fails gives them up, so that the others can end.
class own_locks {
 public:
    explicit own_locks(std::vector<fair_mutex>& all) : all_(all) {}
    own_locks(const own_locks&) = delete;
    own_locks& operator=(const own_locks&) = delete;
    ~own_locks() {
        for (const std::uint32_t n : held_) all_[n].unlock();
    }
    bool lock(std::uint32_t n, rt::deadline until) {
        if (!all_[n].try_lock_until(until)) return false;
        held_.push_back(n);
        return true;
    }
    void unlock(std::uint32_t n) {
        std::erase(held_, n);
        all_[n].unlock();
    }

 private:
    std::vector<fair_mutex>& all_;
    std::vector<std::uint32_t> held_;
};

// Whether it has done all of it when it is over.
bool live(const sched::workload& w, const sched::task_spec& task, std::vector<fair_mutex>& all,
          const limits& until) {
    own_locks locks(all);
    for (const sched::step& s : task.steps) {
        if (until.over()) return false;
        switch (s.kind) {
            case step_kind::compute:
                if (!keep_busy(s.length, until)) return false;
                break;
            case step_kind::wait:
                if (s.length > until.end - clock::now()) {
                    rt::sleep_until(until.end);
                    return false;
                }
                rt::sleep_for(s.length);
                break;
            case step_kind::lock:
                if (locks.lock(s.lock, rt::deadline(std::min(until.give_up, until.end)))) break;
                // Real times are not those of the prediction, and may have led into a deadlock.
                if (!until.over())
                    throw std::runtime_error(
                        task.name + " waits for " + w.locks[s.lock] +
                        " for ever, which was not predicted: tasks take locks in different orders");
                return false;
            case step_kind::unlock:
                locks.unlock(s.lock);
                break;
            case step_kind::yield:
                this_task::yield();
                break;
        }
    }
    return true;
}

void refuse_what_only_a_simulation_can(const sched::workload& w) {
    for (const sched::task_spec& t : w.tasks) {
        if (t.width > 1) throw usage_error(t.name + " needs several CPUs at once, which --live cannot give");
        if (!t.cpus.empty())
            throw usage_error(t.name + " may run on some CPUs only, which --live cannot see to");
    }
}

// What was recorded, in the words of a simulation.
class retold {
 public:
    retold(const std::vector<sched::job_result>& planned, clock::time_point begin, int cpus,
           policy::time until)
        : begin_(begin),
          until_(until) {
        told_.cpus = cpus;
        for (const auto& p : planned) {
            sched::job_result j;
            j.task = p.task;
            j.number = p.number;
            j.arrival = p.arrival;
            j.deadline = p.deadline;
            told_.jobs.push_back(j);
        }
        since_.resize(told_.jobs.size());
        on_.resize(static_cast<std::size_t>(cpus));
    }

    // What has not done all it was to do is cut off at the end.
    sched::simulation tell(const std::vector<schedule_event>& trace, const std::vector<char>& done) {
        for (const schedule_event& e : trace) {
            const std::size_t n = e.task - 1;  // submitted in the order of the jobs
            sched::job_result& j = told_.jobs[n];
            policy::time at(e.when - begin_);
            if (done[n] == 0 && at >= until_) {
                if (e.what != schedule_event::kind::stop || since_[n] >= until_) continue;
                at = until_;
            }
            ++told_.event_count;
            told_.end = std::max(told_.end, at);
            switch (e.what) {
                case schedule_event::kind::arrive:
                    if (j.started()) j.io += at - since_[n];
                    note(at, j.started() ? sched::event_kind::wakes : sched::event_kind::arrives, j, 0);
                    break;
                case schedule_event::kind::start:
                    j.waiting += at - (j.started() ? since_[n] : j.arrival);
                    if (!j.started()) j.first_run = at;
                    switched(j, e.worker);
                    note(at, sched::event_kind::runs, j, e.worker);
                    break;
                case schedule_event::kind::stop:
                    told_.segments.push_back({j.task, e.worker, policy::time(since_[n]), at});
                    j.cpu += at - since_[n];
                    told_.busy += at - since_[n];
                    note(at, kind_of(e.reason), j, e.worker);
                    break;
                case schedule_event::kind::leave:
                    if (done[n] == 0) break;
                    j.finish = at;
                    j.missed = at > j.deadline;
                    break;
            }
            since_[n] = at;
        }
        return std::move(told_);
    }

 private:
    static sched::event_kind kind_of(stop_reason why) {
        switch (why) {
            case stop_reason::expired:
                return sched::event_kind::expires;
            case stop_reason::preempted:
                return sched::event_kind::preempted;
            case stop_reason::yielded:
                return sched::event_kind::yields;
            case stop_reason::blocked:
                return sched::event_kind::waits;
            case stop_reason::finished:
                break;
        }
        return sched::event_kind::finishes;
    }
    void note(policy::time at, sched::event_kind what, const sched::job_result& j, unsigned cpu) {
        told_.events.push_back({at, what, j.task, cpu, 0});
    }
    void switched(const sched::job_result& j, unsigned cpu) {
        const auto now = std::pair(j.task, j.number);
        if (on_[cpu] && *on_[cpu] != now) ++told_.switches;
        on_[cpu] = now;
    }

    clock::time_point begin_;
    policy::time until_;
    sched::simulation told_;
    std::vector<policy::time> since_;  // the last that happened to each job
    std::vector<std::optional<std::pair<std::uint32_t, std::uint64_t>>> on_;
};

}  // namespace

policy::any_policy in_units_of(duration unit, policy::any_policy rule) {
    return coarse_policy(unit, std::move(rule));
}

sched::simulation run_in_pool(const sched::workload& w, const sched::simulation& predicted,
                              const policy::any_policy& rule, int cpus, policy::time until,
                              duration patience) {
    refuse_what_only_a_simulation_can(w);
    std::vector<fair_mutex> locks(w.locks.size());
    policy_pool pool(rule, {.workers = static_cast<unsigned>(cpus), .name = "live", .record = true});
    // Those that come together are there together: nothing arrives before the pool is up.
    const auto begin = clock::now() + std::chrono::milliseconds(2);
    const limits limit{
        .give_up = begin + 4 * (predicted.end - policy::time{}) + patience,
        .end = until == policy::time::max() ? clock::time_point::max() : begin + (until - policy::time{})};
    std::vector<char> done(predicted.jobs.size());
    std::vector<future<>> all;
    const auto submit = [&](const sched::job_result& j) {
        const sched::task_spec& task = w.tasks[j.task];
        task_options how;
        how.name = task.name;
        how.priority = task.priority;
        how.weight = task.weight != 0 ? task.weight : policy::nice_weight(task.nice);
        how.burst = task.cpu_time();
        if (j.deadline != policy::time::max()) how.due = rt::deadline(begin + (j.deadline - policy::time{}));
        if (task.period > duration::zero()) how.period = task.period;
        all.push_back(pool.submit_with(how, [&w, &task, &locks, &limit, &ends = done[all.size()]] {
            ends = live(w, task, locks, limit) ? 1 : 0;
        }));
    };
    for (auto next = predicted.jobs.begin(); next != predicted.jobs.end();) {
        const policy::time at = next->arrival;
        rt::sleep_until(begin + (at - policy::time{}));
        pool.together([&] {
            for (; next != predicted.jobs.end() && next->arrival == at; ++next) submit(*next);
        });
    }
    std::exception_ptr failed;
    for (auto& f : all) {
        try {
            f.get();
        } catch (...) {
            if (!failed) failed = std::current_exception();
        }
    }
    pool.shutdown();
    if (failed) std::rethrow_exception(failed);
    return retold(predicted.jobs, begin, cpus, until).tell(pool.trace(), done);
}

}  // namespace heddle::inline v0::cli
