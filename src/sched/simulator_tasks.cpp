// SPDX-License-Identifier: BSL-1.0
// What tasks do: they come, take their steps, wait, lock, and end.
#include <algorithm>
#include <heddle/policy/nice_weight.hpp>

#include "simulator.hpp"

namespace heddle::inline v0::sched {

using policy::stop_reason;

// A task comes; if it is periodic, once more.
void simulator::release(std::uint32_t task) {
    live& t = tasks_[task];
    const task_spec& s = spec(task);
    ++t.released;
    const bool again = s.period > duration::zero() && (s.jobs == 0 || t.released < s.jobs);
    if (again && now_ + s.period <= last_arrival_) events_.set(release_slot(task), now_ + s.period);
    job_result& job = result_.jobs.emplace_back();
    job.task = task;
    job.number = t.released - 1;
    job.arrival = now_;
    if (s.deadline)
        job.deadline = now_ + *s.deadline;
    else if (s.period > duration::zero())
        job.deadline = now_ + s.period;
    note(event_kind::arrives, task);
    if (job.deadline != time::max() && t.to_check + 1 == t.released)
        events_.set(deadline_slot(task), job.deadline);
    if (t.is != state::away && t.is != state::done) return;  // the last one is not finished yet
    t.job = static_cast<std::uint32_t>(result_.jobs.size() - 1);
    t.deadline = job.deadline;
    t.step = before_first;
    t.is = state::away;
    come(task);
}

// What a task waited for has come.
void simulator::wake(std::uint32_t task) {
    job_of(task).io += now_ - tasks_[task].since;
    note(event_kind::wakes, task);
    come(task);
}

// The deadline of the oldest job that has not been looked at is now.
void simulator::check_deadline(std::uint32_t task) {
    live& t = tasks_[task];
    const task_spec& s = spec(task);
    if (t.to_check >= t.released || next_deadline(task) != now_) return;  // it was met at the last moment
    const std::uint64_t number = t.to_check++;
    if (t.completed <= number) {
        duration left{};
        const bool current = t.completed == number && t.is != state::away && t.is != state::done;
        if (current) {
            if (t.is == state::running) settle(t.cpu);
            left = t.left;
            for (std::size_t i = t.step + std::size_t{1}; i < s.steps.size(); ++i)
                if (s.steps[i].kind == step_kind::compute) left += s.steps[i].length;
        }
        for (std::size_t i = result_.jobs.size(); i-- > 0;)
            if (result_.jobs[i].task == task && result_.jobs[i].number == number) {
                result_.jobs[i].missed = true;
                break;
            }
        note(event_kind::misses, task, 0, left.count());
        if (options_.drop_late && current) drop(task);
    }
    arm_deadline(task);
}

// Of the oldest job that has not been looked at, if it is there; others are armed when they come.
void simulator::arm_deadline(std::uint32_t task) {
    const live& t = tasks_[task];
    if (t.to_check < t.released)
        events_.set(deadline_slot(task), next_deadline(task));
    else
        events_.clear(deadline_slot(task));
}

time simulator::next_deadline(std::uint32_t task) const {
    const task_spec& s = spec(task);
    return s.arrival + static_cast<std::int64_t>(tasks_[task].to_check) * s.period +
           s.deadline.value_or(s.period);
}

// A job is given up, whatever its task does at the moment; what it has locked is free.
void simulator::drop(std::uint32_t task) {
    live& t = tasks_[task];
    job_result& job = job_of(task);
    note(event_kind::dropped, task);
    job.dropped = true;
    if (t.is == state::running) stop(t.cpu, stop_reason::blocked);
    if (t.is == state::ready) {
        queue_state& q = queues_[t.queue];
        if (q.held == task)
            q.held = none;
        else
            count_ready(task, false);
        job.waiting += now_ - t.since;
    } else if (t.is == state::waiting) {
        events_.clear(task_slot(task));
        job.io += now_ - t.since;
    } else if (t.is == state::blocked) {
        std::erase(locks_[t.wanted_lock].waiters, task);
        job.blocked += now_ - t.since;
        if (options_.inheritance) inherit(locks_[t.wanted_lock].owner);
    }
    t.is = state::away;
    if (t.known) queues_[t.queue].policy.leave(task, now_);
    t.known = false;
    for (std::uint32_t lock = 0; lock < locks_.size(); ++lock)
        if (locks_[lock].owner == task) give_lock(task, lock);
    end_job(task);
}

policy::task_info<> simulator::info(std::uint32_t task) const {
    const live& t = tasks_[task];
    const task_spec& s = spec(task);
    policy::task_info<> i;
    i.id = task;
    i.arrival = now_;
    duration burst = t.left;
    for (std::size_t n = t.step + std::size_t{1}; n < s.steps.size() && s.steps[n].kind != step_kind::wait;
         ++n)
        if (s.steps[n].kind == step_kind::compute) burst += s.steps[n].length;
    i.burst = burst;
    i.priority = t.priority;
    i.weight = s.weight != 0 ? s.weight : policy::nice_weight(s.nice);
    if (t.deadline != time::max()) i.deadline = t.deadline;
    if (s.period > duration::zero()) i.period = s.period;
    i.kind = s.kind;
    return i;
}

// A task has come, or its wait is over. It needs no CPU to begin another wait, or to end; for all else, as to
// ask for a lock, it has to be given one first.
void simulator::come(std::uint32_t task) {
    live& t = tasks_[task];
    const task_spec& s = spec(task);
    for (;;) {
        const std::uint32_t next = t.step + 1;
        if (next >= s.steps.size()) {
            finish(task);
            return;
        }
        const step& what = s.steps[next];
        if (what.kind == step_kind::lock || what.kind == step_kind::unlock) break;
        t.step = next;
        if (what.kind == step_kind::compute && what.length > duration::zero()) {
            t.left = what.length;
            break;
        }
        if (what.kind == step_kind::wait && what.length > duration::zero()) {
            begin_wait(task, what.length);
            return;
        }
    }
    make_ready(task);
}

void simulator::begin_wait(std::uint32_t task, duration how_long) {
    note(event_kind::waits, task, 0, how_long.count());
    live& t = tasks_[task];
    t.is = state::waiting;
    t.since = now_;
    events_.set(task_slot(task), now_ + how_long);
}

// A task that was away, waiting or blocked can run.
void simulator::make_ready(std::uint32_t task) {
    live& t = tasks_[task];
    t.is = state::ready;
    t.since = now_;
    if (!t.known && options_.queue_per_cpu) t.queue = queue_for(task);
    t.known = true;
    queue_state& q = queues_[t.queue];
    q.policy.arrive(info(task), now_);
    count_ready(task, true);
    q.news = news_ = true;
}

// A task that has a CPU takes the steps that need no time; whether it then goes on there. It does not if it
// ended, waits, is blocked or lets others go first, and then it has been stopped.
bool simulator::go_on(std::uint32_t task) {
    empty_slices_ = 0;
    live& t = tasks_[task];
    const task_spec& s = spec(task);
    for (;;) {
        ++t.step;
        if (t.step >= s.steps.size()) {
            stop(t.cpu, stop_reason::finished);
            finish(task);
            return false;
        }
        const step& next = s.steps[t.step];
        switch (next.kind) {
            case step_kind::compute:
                t.left = next.length;
                if (t.left > duration::zero()) return true;
                break;
            case step_kind::wait:
                if (next.length == duration::zero()) break;
                stop(t.cpu, stop_reason::blocked);
                begin_wait(task, next.length);
                return false;
            case step_kind::lock:
                if (take_lock(task, next.lock)) break;
                return false;
            case step_kind::unlock:
                give_lock(task, next.lock);
                break;
            case step_kind::yield:
                note(event_kind::yields, task, t.cpu);
                stop(t.cpu, stop_reason::yielded);
                t.left = duration::zero();  // and then the next step
                return false;
        }
    }
}

// A CPU has come to the end of a step, a slice or a switch.
void simulator::after_step(std::uint32_t cpu) {
    processor& c = cpus_[cpu];
    const std::uint32_t task = c.task;
    if (c.switched > now_) {
        arm(cpu);
        return;
    }
    if (tasks_[task].left == duration::zero() && !go_on(task)) return;
    if (now_ >= c.slice_ends) {
        if (c.used > duration::zero())
            empty_slices_ = 0;
        else
            count_empty_slice(cpu);
        const auto& policy = queues_[queue_of(cpu)].policy;
        note(event_kind::expires, task, cpu,
             options_.reasons ? note_reason(policy.why_over(task, c.used, now_)) : 0);
        stop(cpu, stop_reason::expired);
        return;
    }
    arm(cpu);
}

void simulator::finish(std::uint32_t task) {
    job_of(task).finish = now_;
    note(event_kind::finishes, task);
    end_job(task);
}

void simulator::end_job(std::uint32_t task) {
    live& t = tasks_[task];
    const task_spec& s = spec(task);
    ++t.completed;
    if (t.completed > t.to_check && job_of(task).deadline != time::max()) {  // in time
        ++t.to_check;
        arm_deadline(task);
    }
    const bool more = s.period > duration::zero() && (s.jobs == 0 || t.completed < s.jobs);
    if (!more) {
        if (t.known) queues_[t.queue].policy.leave(task, now_);
        t.known = false;
        t.is = state::done;
        for (cache& each : caches_) each.forget(task);
        return;
    }
    t.is = state::away;
    if (t.released == t.completed) return;
    // The next job has been waiting for this one.
    for (std::size_t i = t.job + std::size_t{1}; i < result_.jobs.size(); ++i)
        if (result_.jobs[i].task == task) {
            t.job = static_cast<std::uint32_t>(i);
            break;
        }
    job_result& next = job_of(task);
    next.waiting += now_ - next.arrival;
    t.deadline = next.deadline;
    t.step = before_first;
    come(task);
}

bool simulator::take_lock(std::uint32_t task, std::uint32_t lock) {
    live& t = tasks_[task];
    lock_state& l = locks_[lock];
    note(event_kind::wants_lock, task, t.cpu, lock);
    if (l.owner == none) {
        l.owner = task;
        note(event_kind::gets_lock, task, 0, lock);
        return true;
    }
    stop(t.cpu, stop_reason::blocked);
    t.is = state::blocked;
    t.since = now_;
    t.wanted_lock = lock;
    l.waiters.push_back(task);
    if (options_.inheritance) inherit(l.owner);
    return false;
}

// With inheritance the most urgent is next, otherwise who came first.
void simulator::give_lock(std::uint32_t task, std::uint32_t lock) {
    lock_state& l = locks_[lock];
    note(event_kind::unlocks, task, 0, lock);
    l.owner = none;
    if (!l.waiters.empty()) {
        auto next = l.waiters.begin();
        if (options_.inheritance)
            next =
                std::min_element(l.waiters.begin(), l.waiters.end(), [&](std::uint32_t a, std::uint32_t b) {
                    return more_urgent(tasks_[a].priority, tasks_[b].priority);
                });
        const std::uint32_t winner = *next;
        l.waiters.erase(next);
        l.owner = winner;
        job_of(winner).blocked += now_ - tasks_[winner].since;
        note(event_kind::gets_lock, winner, 0, lock);
        tasks_[winner].is = state::away;
        if (options_.inheritance) inherit(winner);
        make_ready(winner);  // what it does with the lock it does when it is given a CPU
    }
    if (options_.inheritance) inherit(task);
}

// A task is as urgent as itself and all who wait for its locks; so is whoever has the lock that it waits for.
void simulator::inherit(std::uint32_t owner) {
    for (std::size_t hops = 0; hops <= tasks_.size(); ++hops) {
        int priority = spec(owner).priority;
        time deadline = job_of(owner).deadline;
        for (const lock_state& l : locks_) {
            if (l.owner != owner) continue;
            for (const std::uint32_t waiter : l.waiters) {
                const live& w = tasks_[waiter];
                if (more_urgent(w.priority, priority)) priority = w.priority;
                deadline = std::min(deadline, w.deadline);
            }
        }
        tell_urgency(owner, priority, deadline);
        if (tasks_[owner].is != state::blocked) return;
        owner = locks_[tasks_[owner].wanted_lock].owner;
    }
}

void simulator::tell_urgency(std::uint32_t task, int priority, time deadline) {
    live& t = tasks_[task];
    if (t.priority == priority && t.deadline == deadline) return;
    if (t.priority != priority) note(event_kind::inherits, task, 0, priority);
    t.priority = priority;
    t.deadline = deadline;
    if (!t.known) return;
    queues_[t.queue].policy.adjust(info(task), now_);
    queues_[t.queue].news = news_ = true;
}

std::string simulator::why_stuck(std::uint32_t task) const {
    const std::uint32_t lock = tasks_[task].wanted_lock;
    const std::uint32_t owner = locks_[lock].owner;
    return spec(task).name + " waits for " + work_.locks[lock] + ", which " + spec(owner).name + " has";
}

}  // namespace heddle::inline v0::sched
