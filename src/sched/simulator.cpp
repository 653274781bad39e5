// SPDX-License-Identifier: BSL-1.0
#include "simulator.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <stdexcept>

#include "horizon.hpp"

namespace heddle::inline v0::sched {

namespace {

// On how many CPUs of a machine a task may run that is not to run everywhere.
std::size_t allowed_cpus(const task_spec& t, int cpus) {
    std::vector<int> there;
    std::copy_if(t.cpus.begin(), t.cpus.end(), std::back_inserter(there),
                 [&](int c) { return c >= 0 && c < cpus; });
    std::sort(there.begin(), there.end());
    return static_cast<std::size_t>(std::unique(there.begin(), there.end()) - there.begin());
}

}  // namespace

simulator::simulator(const workload& w, const policy::any_policy& p, const simulation_options& options)
    : work_(w),
      options_(options),
      cpus_(static_cast<std::size_t>(std::max(0, options.cpus))),
      leading_(cpus_.size()),
      free_cpus_(cpus_.size()),
      last_(cpus_.size(), none),
      locks_(w.locks.size()),
      first_wake_(static_cast<std::uint32_t>(cpus_.size())),
      first_release_(static_cast<std::uint32_t>(first_wake_ + w.tasks.size())),
      first_deadline_(static_cast<std::uint32_t>(first_release_ + w.tasks.size())),
      slices_(!options.cooperative && p.slices()),
      displaces_(!options.cooperative && p.displaces()),
      reslices_(!options.cooperative && p.reslices()) {
    check(w);
    if (options.cpus < 1) throw std::invalid_argument("there must be a CPU");
    if (options.switch_cost < duration::zero())
        throw std::invalid_argument("a switch cannot cost less than nothing");
    if (options.switch_cost > longest_time)
        throw std::invalid_argument("a switch costs more than can be counted: give a smaller cost");
    if (options.cache.size > 0 &&
        (options.cache.warm_speed < 1 || options.cache.warm_after < duration::zero()))
        throw std::invalid_argument("a warm cache cannot be slower than a cold one");
    const std::size_t queues = options.queue_per_cpu ? cpus_.size() : 1;
    for (std::size_t i = 0; i < queues; ++i) queues_.push_back({p});
    for (std::uint32_t cpu = 0; cpu < cpus_.size(); ++cpu) free_cpus_.insert(cpu);
    if (options.cache.size > 0) caches_.assign(cpus_.size(), cache(options.cache));
    free_ = cpus_.size();

    bool in_order = true;  // as logs are
    time latest{};
    tasks_.resize(w.tasks.size());
    arrivals_.resize(w.tasks.size());
    std::iota(arrivals_.begin(), arrivals_.end(), 0u);
    auto task = tasks_.begin();
    for (const task_spec& t : w.tasks) {
        (task++)->priority = t.priority;
        pinned_ = pinned_ || !t.cpus.empty();
        in_order = in_order && t.arrival >= latest;
        latest = t.arrival;
        if (t.width > options.cpus || (t.width > 1 && options.queue_per_cpu))
            throw std::invalid_argument(
                "task " + t.name + " needs " + std::to_string(t.width) + " CPUs at once, and there are " +
                std::to_string(options.queue_per_cpu ? 1 : options.cpus) + " in a queue");
        if (t.cpus.empty()) continue;
        const std::size_t allowed = allowed_cpus(t, options.cpus);
        if (allowed == 0) throw std::invalid_argument("task " + t.name + " may run on no CPU that is there");
        if (allowed < static_cast<std::size_t>(t.width))
            throw std::invalid_argument("task " + t.name + " needs " + std::to_string(t.width) +
                                        " CPUs at once, and may run on " + std::to_string(allowed));
    }
    if (!in_order)
        std::sort(arrivals_.begin(), arrivals_.end(), [&](std::uint32_t a, std::uint32_t b) {
            return spec(a).arrival != spec(b).arrival ? spec(a).arrival < spec(b).arrival : a < b;
        });
    if (pinned_)
        for (queue_state& q : queues_) q.bound.resize(cpus_.size());
    result_.jobs.reserve(tasks_.size());
    result_.cpus = options.cpus;
    see_next_arrival();
    if (!arrivals_.empty()) result_.begin = arrives_;
    until_ = options.until;
    last_arrival_ = last_arrival(w, options);
}

simulation simulator::run() {
    while (next_instant()) one_instant();
    close();
    return std::move(result_);
}

void simulator::see_next_arrival() {
    arrives_ = next_arrival_ < arrivals_.size() ? spec(arrivals_[next_arrival_]).arrival : time::max();
}

// Moves the time on; false at the end.
bool simulator::next_instant() {
    time next = arrives_;
    if (!events_.empty()) next = std::min(next, events_.next());
    if (next == time::max()) {
        if (last_arrival_ < until_) now_ = std::max(now_, last_arrival_);
        return false;
    }
    if (next > until_) {
        now_ = until_;
        return false;
    }
    if (next > latest_time)
        throw std::invalid_argument("it takes longer than can be counted: give smaller numbers, or an end");
    now_ = next;
    return true;
}

void simulator::one_instant() {
    due_.clear();
    while (!events_.empty() && events_.next() == now_) due_.push_back(events_.take());
    // In the order of the slots: CPUs, tasks that wake, releases, deadlines. Releases come last, for what
    // comes at the very end does not happen any more.
    const bool at_end = now_ >= until_ && until_ != time::max();
    if (!due_.empty()) {
        auto due = due_.begin();
        for (; due != due_.end() && *due < task_slot(0); ++due)
            if (cpus_[*due].task != none) {
                settle(*due);
                after_step(*due);
            }
        for (; due != due_.end() && *due < release_slot(0); ++due) wake(*due - task_slot(0));
        const auto releases = due;
        while (due != due_.end() && *due < deadline_slot(0)) ++due;
        const auto deadlines = due;
        for (; due != due_.end(); ++due) check_deadline(*due - deadline_slot(0));
        if (!at_end && now_ < last_arrival_)
            for (due = releases; due != deadlines; ++due) release(*due - release_slot(0));
    }
    if (at_end) {
        arrives_ = time::max();
        return;
    }
    while (arrives_ == now_) {
        release(arrivals_[next_arrival_++]);
        see_next_arrival();
    }
    // Who is given a CPU may give up a lock at once, and whoever gets that may be the more urgent one.
    do {
        preempt();
        give_out();
    } while (news_);
}

// What has happened on a CPU since it was last looked at.
void simulator::settle(std::uint32_t cpu) {
    processor& c = cpus_[cpu];
    const duration ran = unsettled(c);
    c.mark = now_;
    if (c.task == none || ran == duration::zero()) return;
    live& t = tasks_[c.task];
    c.used += ran;
    const duration work = caches_.empty() ? ran : done_in_cache(cpu, ran);
    t.left = std::max(duration::zero(), t.left - work);
}

// What a CPU's task has done in the time that it has run.
duration simulator::done_in_cache(std::uint32_t cpu, duration ran) {
    const std::uint32_t task = cpus_[cpu].task;
    const bool warm = caches_[cpu].is_warm(task);
    caches_[cpu].ran(task, spec(task).working_set, ran);
    return warm ? ran * options_.cache.warm_speed : ran;
}

duration simulator::until_done_or_warm(std::uint32_t cpu) const {
    const std::uint32_t task = cpus_[cpu].task;
    const duration left = tasks_[task].left;
    if (caches_[cpu].is_warm(task))
        return duration((left.count() + options_.cache.warm_speed - 1) / options_.cache.warm_speed);
    return std::min(left, caches_[cpu].until_warm(task, spec(task).working_set));
}

// When something next happens on a CPU that has a task.
void simulator::arm(std::uint32_t cpu) {
    const processor& c = cpus_[cpu];
    const time begin = std::max(now_, c.switched);
    const duration left = caches_.empty() ? tasks_[c.task].left : until_done_or_warm(cpu);
    events_.set(cpu, std::min(begin + left, c.slice_ends));
}

void simulator::record(event_kind kind, std::uint32_t task, std::uint32_t cpu, std::int64_t other) {
    result_.events.push_back({now_, kind, task, cpu, other});
}

void simulator::close() {
    for (std::uint32_t cpu = leading_.next(0); cpu != leading_.end(); cpu = leading_.next(cpu + 1)) {
        settle(cpu);
        stop(cpu, policy::stop_reason::preempted);
    }
    for (std::uint32_t task = 0; task < tasks_.size(); ++task) {
        const live& t = tasks_[task];
        if (t.is == state::away || t.is == state::done) continue;
        job_result& job = job_of(task);
        if (t.is == state::ready) job.waiting += now_ - t.since;
        if (t.is == state::waiting) job.io += now_ - t.since;
        if (t.is == state::blocked) {
            job.blocked += now_ - t.since;
            if (now_ < until_ || until_ == time::max()) result_.stuck.push_back(why_stuck(task));
        }
    }
    // Of those that were displaced at once, or in the middle of a switch, nothing is to be seen.
    std::erase_if(result_.segments, [](const segment& g) { return g.begin == g.end; });
    result_.begin = std::min(result_.begin, now_);  // the end may be before the first arrival
    result_.end = now_;
}

simulation simulate(const workload& w, const policy::any_policy& p, const simulation_options& options) {
    return simulator(w, p, options).run();
}

}  // namespace heddle::inline v0::sched
