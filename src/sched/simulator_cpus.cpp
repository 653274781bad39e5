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
    queue_state& q = queues_[queue_of(cpu)];
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
    c.slice_ends = time::max();
    free_ += 1 + c.others.size();
    leading_.erase(cpu);
    const auto leaves = [&](std::uint32_t each) {
        last_[each] = task;
        free_cpus_.insert(each);
    };
    leaves(cpu);
    for (const std::uint32_t other : c.others) leaves(other);
    c.others.clear();
    events_.clear(cpu);
}

// A ready task that may run on this CPU is now running for its policy; none if there is none.
std::uint32_t simulator::pick(std::uint32_t cpu) {
    queue_state& q = queues_[queue_of(cpu)];
    if (q.ready == 0) return none;
    if (!pinned_) {
        const auto id = q.policy.pick(now_);
        if (!id) return none;
        --q.ready;
        return static_cast<std::uint32_t>(*id);
    }
    std::vector<std::uint32_t> elsewhere;
    std::uint32_t found = none;
    while (found == none && q.ready > elsewhere.size()) {
        const auto id = q.policy.pick(now_);
        if (!id) break;
        const auto task = static_cast<std::uint32_t>(*id);
        if (may_run(task, cpu))
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
    queue_state& q = queues_[queue_of(cpu)];
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
    leading_.insert(cpu);
    free_cpus_.erase(cpu);
    if (width > 1) free_cpus_.take(width - 1, c.others);
    free_ -= width;
    note(event_kind::runs, task, cpu);
    if (last_[cpu] != none && last_[cpu] != task) {
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
    c.slice_ends = options_.cooperative ? time::max() : end_of_slice(cpu);
    return true;
}

// What the slice would be if those that wait for another CPU were not there: a task that has aged enough to displace
// this one, but may not run here, would displace it again and again at one instant.
duration simulator::slice_among_those_allowed(std::uint32_t cpu) const {
    const processor& c = cpus_[cpu];
    const std::uint32_t queue = queue_of(cpu);
    policy::any_policy without = queues_[queue].policy;
    for (std::uint32_t n = 0; n < tasks_.size(); ++n)
        if (tasks_[n].is == state::ready && tasks_[n].queue == queue && !may_run(n, cpu)) without.leave(n, now_);
    return without.slice(c.task, c.used, now_);
}

// Until when the policy lets a CPU's task run, which is settled.
time simulator::end_of_slice(std::uint32_t cpu) const {
    const processor& c = cpus_[cpu];
    duration slice = queues_[queue_of(cpu)].policy.slice(c.task, c.used, now_);
    if (slice <= duration::zero() && pinned_) slice = slice_among_those_allowed(cpu);
    const time begin = std::max(now_, c.switched);
    return slice == policy::unlimited || slice > time::max() - begin ? time::max() : begin + slice;
}

// Gives a free CPU a task, if there is one for it.
bool simulator::dispatch(std::uint32_t cpu) {
    for (;;) {
        queue_state& q = queues_[queue_of(cpu)];
        std::uint32_t task = q.held;
        if (task == none) task = pick(cpu);
        if (task == none) task = steal(cpu);
        if (task == none || !start(cpu, task)) return false;
        // One that had yielded goes on with its next step, which may end it at once.
        if (tasks_[task].left > duration::zero() || go_on(task)) {
            arm(cpu);
            return true;
        }
    }
}

// Running tasks that a ready one should displace make way.
void simulator::preempt() {
    if (!news_) return;
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
    if (cpus_.size() > 1) give_out();
    for (std::uint32_t cpu = leading_.next(0); cpu != leading_.end(); cpu = leading_.next(cpu + 1)) {
        processor& c = cpus_[cpu];
        queue_state& q = queues_[queue_of(cpu)];
        if (!q.news || options_.cooperative) continue;
        settle(cpu);
        if (q.ready > 0 && q.policy.preempts(c.task, c.used, now_)) {
            note(event_kind::preempted, c.task, cpu);
            stop(cpu, stop_reason::preempted);
            if (cpus_.size() > 1) dispatch(cpu);
            continue;
        }
        // With ageing and boosts the slice depends on who waits.
        const time ends = end_of_slice(cpu);
        if (ends == c.slice_ends) continue;
        c.slice_ends = ends;
        arm(cpu);
    }
    for (queue_state& q : queues_) q.news = false;
    news_ = false;
}

void simulator::give_out() {
    if (free_ == 0) return;
    for (std::uint32_t cpu = free_cpus_.next(0); cpu != free_cpus_.end(); cpu = free_cpus_.next(cpu + 1)) {
        if (!dispatch(cpu) && queues_.size() == 1 && !pinned_)
            return;  // there is nobody for the others either
    }
}

}  // namespace heddle::inline v0::sched
