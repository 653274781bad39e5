// SPDX-License-Identifier: BSL-1.0
// Who runs where.
#include <algorithm>

#include "simulator.hpp"

namespace heddle::inline v0::sched {

using policy::stop_reason;

bool simulator::may_run(std::uint32_t task, std::uint32_t cpu) const {
    const std::vector<int>& allowed = spec(task).cpus;
    return allowed.empty() ||
           std::find(allowed.begin(), allowed.end(), static_cast<int>(cpu)) != allowed.end();
}

// Tasks are dealt out to the CPUs in turn, where they may run.
std::uint32_t simulator::queue_for(std::uint32_t task) {
    if (queues_.size() == 1) return 0;
    for (;;) {
        const auto cpu = static_cast<std::uint32_t>(dealt_++ % queues_.size());
        if (may_run(task, cpu)) return cpu;
    }
}

// A CPU's task, which is settled, leaves it.
void simulator::stop(std::uint32_t cpu, stop_reason why) {
    processor& c = cpus_[cpu];
    const std::uint32_t task = c.task;
    live& t = tasks_[task];
    queue_state& q = queues_[c.queue];
    if (c.switched > now_) {  // in the middle of the switch
        const duration lost = c.switched - now_;
        result_.overhead -= lost;
        job_of(task).waiting -= lost;
        c.switched = now_;
        if (job_of(task).first_run > now_) job_of(task).first_run = time::max();
        if (c.open != none)  // nothing came of it
            for (std::uint32_t n = 0; n <= c.others.size(); ++n)
                result_.segments[c.open + n].begin = result_.segments[c.open + n].end = now_;
    } else if (options_.record && c.open != none) {
        for (std::uint32_t n = 0; n <= c.others.size(); ++n) result_.segments[c.open + n].end = now_;
    }
    q.policy.ran(task, c.used, why, now_);
    if (policy::still_ready(why)) {
        ++q.ready;
        t.is = state::ready;
        t.since = now_;
    } else {
        t.is = state::away;
    }
    c.task = none;
    c.last = task;
    c.slice_ends = time::max();
    free_ += 1 + c.others.size();
    for (const std::uint32_t other : c.others) {
        cpus_[other].leader = none;
        cpus_[other].last = task;
    }
    c.others.clear();
    events_.clear(cpu);
}

// A ready task that may run on this CPU is now running for its policy; none if there is none.
std::uint32_t simulator::pick(std::uint32_t cpu) {
    queue_state& q = queues_[cpus_[cpu].queue];
    if (q.ready == 0) return none;
    std::vector<std::uint32_t> elsewhere;
    std::uint32_t found = none;
    while (found == none && q.ready > elsewhere.size()) {
        const auto id = q.policy.pick(now_);
        if (!id) break;
        const auto task = static_cast<std::uint32_t>(*id);
        if (!pinned_ || may_run(task, cpu))
            found = task;
        else
            elsewhere.push_back(task);
    }
    for (const std::uint32_t task : elsewhere)
        q.policy.ran(task, duration::zero(), stop_reason::preempted, now_);
    if (found != none) --q.ready;
    return found;
}

// The next task of the longest other queue moves to this one's.
std::uint32_t simulator::steal(std::uint32_t cpu) {
    if (!options_.stealing || queues_.size() == 1) return none;
    std::uint32_t victim = none;
    for (std::uint32_t n = 0; n < queues_.size(); ++n)
        if (n != cpu && queues_[n].ready > 0 && (victim == none || queues_[n].ready > queues_[victim].ready))
            victim = n;
    if (victim == none) return none;
    if (options_.steal_every > duration::zero() &&
        now_.time_since_epoch() % options_.steal_every != duration::zero()) {
        events_.set(cpu, time((now_.time_since_epoch() / options_.steal_every + 1) * options_.steal_every));
        return none;
    }
    queue_state& from = queues_[victim];
    const auto id = from.policy.pick(now_);
    if (!id) return none;
    const auto task = static_cast<std::uint32_t>(*id);
    from.policy.ran(task, duration::zero(), stop_reason::preempted, now_);
    if (!may_run(task, cpu)) return none;
    from.policy.leave(task, now_);
    --from.ready;
    note(event_kind::stolen, task, cpu, victim);
    live& t = tasks_[task];
    t.queue = cpu;
    policy::task_info<> i = info(task);
    i.arrival = t.since;
    queues_[cpu].policy.arrive(i, now_);
    ++queues_[cpu].ready;
    return pick(cpu);
}

// Begins to run a picked task. false if there are not enough CPUs for it, and it is held until there are.
bool simulator::start(std::uint32_t cpu, std::uint32_t task) {
    const auto width = static_cast<std::size_t>(spec(task).width);
    processor& c = cpus_[cpu];
    queue_state& q = queues_[c.queue];
    if (width > free_) {
        q.held = task;
        return false;
    }
    q.held = none;
    live& t = tasks_[task];
    job_result& job = job_of(task);
    job.waiting += now_ - t.since;
    t.is = state::running;
    if (t.cpu != none && t.cpu != cpu) ++result_.migrations;
    t.cpu = cpu;
    c.task = task;
    c.mark = now_;
    c.switched = now_;
    c.used = duration::zero();
    for (std::uint32_t other = 0; c.others.size() + 1 < width; ++other)
        if (other != cpu && is_free(other)) {
            c.others.push_back(other);
            cpus_[other].leader = cpu;
        }
    free_ -= width;
    note(event_kind::runs, task, cpu);
    if (c.last != none && c.last != task) {
        ++result_.switches;
        c.switched = now_ + options_.switch_cost;
        result_.overhead += options_.switch_cost;
        job.waiting += options_.switch_cost;
    }
    if (job.first_run == time::max()) job.first_run = c.switched;
    if (options_.record) {
        const bool goes_on = c.open != none && c.others.empty() && result_.segments[c.open].task == task &&
                             result_.segments[c.open].end == now_ && c.switched == now_;
        if (!goes_on) {
            c.open = static_cast<std::uint32_t>(result_.segments.size());
            result_.segments.push_back({task, cpu, c.switched, c.switched});
            for (const std::uint32_t other : c.others)
                result_.segments.push_back({task, other, c.switched, c.switched});
        }
    }
    const duration slice =
        options_.cooperative ? policy::unlimited : q.policy.slice(task, duration::zero(), now_);
    c.slice_ends =
        slice == policy::unlimited || slice > time::max() - c.switched ? time::max() : c.switched + slice;
    arm(cpu);
    return true;
}

// Gives a free CPU a task, if there is one for it.
bool simulator::dispatch(std::uint32_t cpu) {
    for (;;) {
        queue_state& q = queues_[cpus_[cpu].queue];
        std::uint32_t task = q.held;
        if (task == none) task = pick(cpu);
        if (task == none) task = steal(cpu);
        if (task == none || !start(cpu, task)) return false;
        // One that had yielded goes on with its next step, which may end it at once.
        if (tasks_[task].left > duration::zero() || go_on(task)) {
            arm(cpu);
            return true;
        }
        if (cpus_[cpu].task != none) return true;
    }
}

// Running tasks that a ready one should displace make way.
void simulator::preempt() {
    for (queue_state& q : queues_) {
        if (!q.news) continue;
        if (q.held != none && q.ready > 0 && !options_.cooperative &&
            q.policy.preempts(q.held, duration::zero(), now_)) {
            q.policy.ran(q.held, duration::zero(), stop_reason::preempted, now_);
            ++q.ready;
            q.held = none;
        }
    }
    // Free CPUs first: nobody has to make way where there is room.
    bool news = false;
    for (const queue_state& q : queues_) news = news || q.news;
    if (!news) return;
    if (cpus_.size() > 1) give_out();
    for (std::uint32_t cpu = 0; cpu < cpus_.size(); ++cpu) {
        processor& c = cpus_[cpu];
        queue_state& q = queues_[c.queue];
        if (c.task == none || !q.news || options_.cooperative) continue;
        settle(cpu);
        if (q.ready > 0 && q.policy.preempts(c.task, c.used, now_)) {
            note(event_kind::preempted, c.task, cpu);
            stop(cpu, stop_reason::preempted);
            if (cpus_.size() > 1) dispatch(cpu);
            continue;
        }
        // With ageing and boosts the slice depends on who waits.
        const duration slice = q.policy.slice(c.task, c.used, now_);
        const time begin = std::max(now_, c.switched);
        c.slice_ends =
            slice == policy::unlimited || slice > time::max() - begin ? time::max() : begin + slice;
        arm(cpu);
    }
    for (queue_state& q : queues_) q.news = false;
}

void simulator::give_out() {
    if (free_ == 0) return;
    for (std::uint32_t cpu = 0; cpu < cpus_.size() && free_ > 0; ++cpu) {
        if (!is_free(cpu)) continue;
        if (!dispatch(cpu) && queues_.size() == 1 && !pinned_)
            return;  // there is nobody for the others either
    }
}

}  // namespace heddle::inline v0::sched
