// SPDX-License-Identifier: BSL-1.0
#include "simulator.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace heddle::inline v0::sched {

namespace {

constexpr std::int64_t longest_hyperperiod = 1'000'000'000'000'000;

// Where releases of periodic tasks begin to repeat.
time common_end(const workload& w) {
    time last{};
    std::int64_t common = 1;
    for (const task_spec& t : w.tasks) {
        last = std::max(last, t.arrival);
        if (t.period == duration::zero() || t.jobs != 0) continue;
        const std::int64_t factor = t.period.count() / std::gcd(common, t.period.count());
        if (factor > longest_hyperperiod / common)
            throw std::invalid_argument(
                "the periods have no common multiple of reasonable length: give the end");
        common *= factor;
    }
    return last + duration(common);
}

}  // namespace

simulator::simulator(const workload& w, const policy::any_policy& p, const simulation_options& options)
    : work_(w),
      options_(options),
      tasks_(w.tasks.size()),
      cpus_(static_cast<std::size_t>(std::max(0, options.cpus))),
      locks_(w.locks.size()),
      events_(cpus_.size() + 3 * w.tasks.size()) {
    check(w);
    if (options.cpus < 1) throw std::invalid_argument("there must be a CPU");
    if (options.switch_cost < duration::zero())
        throw std::invalid_argument("a switch cannot cost less than nothing");
    if (options.cache.size > 0 &&
        (options.cache.warm_speed < 1 || options.cache.warm_after < duration::zero()))
        throw std::invalid_argument("a warm cache cannot be slower than a cold one");
    const std::size_t queues = options.queue_per_cpu ? cpus_.size() : 1;
    for (std::size_t i = 0; i < queues; ++i) queues_.push_back({p});
    for (std::size_t i = 0; i < cpus_.size(); ++i)
        cpus_[i].queue = options.queue_per_cpu ? static_cast<std::uint32_t>(i) : 0;
    if (options.cache.size > 0) caches_.assign(cpus_.size(), cache(options.cache));
    free_ = cpus_.size();

    for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
        const task_spec& t = spec(i);
        tasks_[i].priority = t.priority;
        timed_ = timed_ || t.period > duration::zero() || t.deadline;
        pinned_ = pinned_ || !t.cpus.empty();
        if (t.width > options.cpus || (t.width > 1 && options.queue_per_cpu))
            throw std::invalid_argument(
                "task " + t.name + " needs " + std::to_string(t.width) + " CPUs at once, and there are " +
                std::to_string(options.queue_per_cpu ? 1 : options.cpus) + " in a queue");
        if (!t.cpus.empty() &&
            std::none_of(t.cpus.begin(), t.cpus.end(), [&](int c) { return c >= 0 && c < options.cpus; }))
            throw std::invalid_argument("task " + t.name + " may run on no CPU that is there");
    }
    arrivals_.resize(tasks_.size());
    std::iota(arrivals_.begin(), arrivals_.end(), 0u);
    std::sort(arrivals_.begin(), arrivals_.end(), [&](std::uint32_t a, std::uint32_t b) {
        return spec(a).arrival != spec(b).arrival ? spec(a).arrival < spec(b).arrival : a < b;
    });
    result_.jobs.reserve(tasks_.size());
    result_.cpus = options.cpus;
    if (!arrivals_.empty()) result_.begin = spec(arrivals_.front()).arrival;
    until_ = horizon();
}

time simulator::horizon() const {
    if (options_.until != time::max()) return options_.until;
    const bool endless = std::any_of(work_.tasks.begin(), work_.tasks.end(), [](const task_spec& t) {
        return t.period > duration::zero() && t.jobs == 0;
    });
    return endless ? common_end(work_) : time::max();
}

simulation simulator::run() {
    while (next_instant()) one_instant();
    close();
    return std::move(result_);
}

// Moves the time on; false at the end.
bool simulator::next_instant() {
    time next = time::max();
    if (next_arrival_ < arrivals_.size()) next = spec(arrivals_[next_arrival_]).arrival;
    if (!events_.empty()) next = std::min(next, events_.next());
    if (next == time::max()) return false;
    if (next > until_) {
        now_ = until_;
        return false;
    }
    now_ = next;
    return true;
}

void simulator::one_instant() {
    due_.clear();
    while (!events_.empty() && events_.next() == now_) {
        due_.push_back(events_.next_slot());
        events_.clear(due_.back());
    }
    // In the order of the slots: CPUs, tasks that wake, releases, deadlines.
    const auto cpus = static_cast<std::uint32_t>(cpus_.size());
    const auto tasks = static_cast<std::uint32_t>(tasks_.size());
    for (const std::uint32_t slot : due_)
        if (slot < cpus && cpus_[slot].task != none) {
            settle(slot);
            after_step(slot);
        }
    for (const std::uint32_t slot : due_)
        if (slot >= cpus && slot < cpus + tasks) {
            const std::uint32_t task = slot - cpus;
            job_of(task).io += now_ - tasks_[task].since;
            note(event_kind::wakes, task);
            if (go_on(task)) make_ready(task);
        }
    if (timed_)
        for (const std::uint32_t slot : due_)
            if (slot >= cpus + 2 * tasks) check_deadline(slot - cpus - 2 * tasks);
    // What comes at the very end does not happen any more.
    if (now_ < until_ || until_ == time::max()) {
        for (const std::uint32_t slot : due_)
            if (slot >= cpus + tasks && slot < cpus + 2 * tasks) release(slot - cpus - tasks);
        for (; next_arrival_ < arrivals_.size() && spec(arrivals_[next_arrival_]).arrival == now_;
             ++next_arrival_)
            release(arrivals_[next_arrival_]);
        preempt();
        give_out();
    }
}

// What has happened on a CPU since it was last looked at.
void simulator::settle(std::uint32_t cpu) {
    processor& c = cpus_[cpu];
    const time from = std::max(c.mark, std::min(c.switched, now_));
    const duration ran = now_ - from;
    c.mark = now_;
    if (c.task == none || ran <= duration::zero()) return;
    live& t = tasks_[c.task];
    c.used += ran;
    duration work = ran;
    if (!caches_.empty()) {
        if (caches_[cpu].is_warm(c.task)) work *= options_.cache.warm_speed;
        caches_[cpu].ran(c.task, spec(c.task).working_set, ran);
    }
    t.left = std::max(duration::zero(), t.left - work);
    job_result& job = job_of(c.task);
    job.cpu += ran;
    result_.busy += ran * static_cast<std::int64_t>(1 + c.others.size());
}

// When something next happens on a CPU.
void simulator::arm(std::uint32_t cpu) {
    processor& c = cpus_[cpu];
    if (c.task == none) {
        events_.clear(cpu);
        return;
    }
    const time begin = std::max(now_, c.switched);
    duration left = tasks_[c.task].left;
    if (!caches_.empty()) {
        if (caches_[cpu].is_warm(c.task))
            left = duration((left.count() + options_.cache.warm_speed - 1) / options_.cache.warm_speed);
        else
            left = std::min(left, caches_[cpu].until_warm(c.task, spec(c.task).working_set));
    }
    events_.set(cpu, std::min(begin + left, c.slice_ends));
}

void simulator::close() {
    for (std::uint32_t cpu = 0; cpu < cpus_.size(); ++cpu) {
        if (cpus_[cpu].task == none) continue;
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
    result_.end = now_;
}

simulation simulate(const workload& w, const policy::any_policy& p, const simulation_options& options) {
    return simulator(w, p, options).run();
}

}  // namespace heddle::inline v0::sched
