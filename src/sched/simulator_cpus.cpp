// SPDX-License-Identifier: BSL-1.0
// Who runs where.
#include <algorithm>
#include <heddle/rt/error.hpp>
#include <stdexcept>
#include <string>
#include <utility>

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
    } else if (c.open != none) {
        close_segment(cpu);
    }
    job_of(task).cpu += c.used;
    result_.busy += c.used * static_cast<std::int64_t>(1 + c.others.size());
    q.policy.ran(task, c.used, why, now_);
    if (policy::still_ready(why)) {
        count_ready(task, true);
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

// Of a CPU that has just been given its task.
void simulator::open_segment(std::uint32_t cpu) {
    processor& c = cpus_[cpu];
    const bool goes_on = c.open != none && c.others.empty() && result_.segments[c.open].task == c.task &&
                         result_.segments[c.open].end == now_ && c.switched == now_;
    if (goes_on) return;
    c.before = c.open;
    c.open = static_cast<std::uint32_t>(result_.segments.size());
    result_.segments.push_back({c.task, cpu, c.switched, c.switched});
    for (const std::uint32_t other : c.others)
        result_.segments.push_back({c.task, other, c.switched, c.switched});
}

void simulator::close_segment(std::uint32_t cpu) {
    processor& c = cpus_[cpu];
    for (std::uint32_t n = 0; n <= c.others.size(); ++n) result_.segments[c.open + n].end = now_;
    // Nothing is to be seen of one that blocked at once: who had the CPU before may go on without a gap.
    if (result_.segments[c.open].begin == now_) c.open = std::exchange(c.before, none);
}

void simulator::count_bound(std::uint32_t task, bool more) {
    queue_state& q = queues_[tasks_[task].queue];
    const auto count = [&](std::size_t& of) { more ? ++of : --of; };
    const std::vector<int>& allowed = spec(task).cpus;
    if (allowed.empty()) count(q.unbound);
    for (const int cpu : allowed)
        if (cpu >= 0 && static_cast<std::size_t>(cpu) < cpus_.size())
            count(q.bound[static_cast<std::size_t>(cpu)]);
}

// Asks a policy about the tasks that may run on a CPU.
template <class Ask> auto simulator::for_cpu(std::uint32_t cpu, Ask ask) const {
    if (!pinned_) return ask(policy::task_filter<>());
    // While a wide task is held for other CPUs, another one would have to be held as well.
    const bool narrow = queues_[queue_of(cpu)].held != none;
    const auto here = [&](std::uint64_t id) {
        const auto task = static_cast<std::uint32_t>(id);
        return may_run(task, cpu) && !(narrow && spec(task).width > 1);
    };
    return ask(policy::task_filter<>(here));
}

// A ready task that may run on this CPU is now running for its policy; none if there is none.
std::uint32_t simulator::pick(std::uint32_t cpu) {
    queue_state& q = queues_[queue_of(cpu)];
    if (!has_some_for(queue_of(cpu), cpu)) return none;
    const auto id = for_cpu(cpu, [&](policy::task_filter<> only) { return q.policy.pick(now_, only); });
    if (!id) return none;
    count_ready(static_cast<std::uint32_t>(*id), false);
    return static_cast<std::uint32_t>(*id);
}

// The longest queue but this CPU's; of those that are shorter than `last`, or come behind it, if that is one.
std::uint32_t simulator::longest_queue(std::uint32_t cpu, std::uint32_t last) const {
    const auto goes_first = [&](std::uint32_t a, std::uint32_t b) {
        return queues_[a].ready != queues_[b].ready ? queues_[a].ready > queues_[b].ready : a < b;
    };
    std::uint32_t longest = none;
    for (std::uint32_t n = 0; n < queues_.size(); ++n)
        if (n != cpu && has_some_for(n, cpu) && (last == none || goes_first(last, n)) &&
            (longest == none || goes_first(n, longest)))
            longest = n;
    return longest;
}

// Who is next on a free CPU. A held task was chosen among those that may run on another one, and earlier: if
// somebody who may run here would end its slice at once, it makes way before it has begun. It would be
// stopped then and another be held meanwhile, and these two could take turns for ever without that any ran.
std::uint32_t simulator::next_for(std::uint32_t cpu) {
    queue_state& q = queues_[queue_of(cpu)];
    const std::uint32_t task = q.held;
    if (task == none || !may_run(task, cpu)) return pick(cpu);
    if (!slices_ || !has_room(task)) return task;
    q.held = none;  // as it is when it has begun
    if (slice(cpu, task, duration::zero()) > duration::zero()) {
        q.held = task;
        return task;
    }
    put_back(q, task);
    return pick(cpu);
}

// Of a task that was picked and has not begun.
void simulator::put_back(queue_state& q, std::uint32_t task) {
    q.policy.ran(task, duration::zero(), stop_reason::preempted, now_);
    count_ready(task, true);
}

// The next task that may run here of the longest queue that has one moves to this CPU's.
std::uint32_t simulator::steal(std::uint32_t cpu) {
    if (!options_.stealing || queues_.size() == 1) return none;
    std::uint32_t victim = longest_queue(cpu, none);
    if (victim == none) return none;
    if (options_.steal_every > duration::zero() &&
        now_.time_since_epoch() % options_.steal_every != duration::zero()) {
        events_.set(cpu, time((now_.time_since_epoch() / options_.steal_every + 1) * options_.steal_every));
        return none;
    }
    for (; victim != none; victim = longest_queue(cpu, victim)) {
        queue_state& from = queues_[victim];
        const auto id =
            for_cpu(cpu, [&](policy::task_filter<> only) { return from.policy.pick(now_, only); });
        if (!id) continue;
        const auto task = static_cast<std::uint32_t>(*id);
        from.policy.leave(task, now_);
        count_ready(task, false);
        note(event_kind::stolen, task, cpu, victim);
        live& t = tasks_[task];
        t.queue = cpu;
        policy::task_info<> i = info(task);
        i.arrival = t.since;
        queues_[cpu].policy.arrive(i, now_);
        count_ready(task, true);
        return pick(cpu);
    }
    return none;
}

// Whether a wide task finds CPUs enough.
bool simulator::has_room(std::uint32_t task) const {
    const auto width = static_cast<std::size_t>(spec(task).width);
    if (spec(task).cpus.empty()) return width <= free_;
    std::size_t room = 0;
    for (std::uint32_t each = free_cpus_.next(0); each != free_cpus_.end(); each = free_cpus_.next(each + 1))
        if (may_run(task, each)) ++room;
    return width <= room;
}

// The CPUs that a wide task has besides its first.
void simulator::take_others(std::uint32_t task, std::vector<std::uint32_t>& others) {
    const auto more = static_cast<std::size_t>(spec(task).width - 1);
    if (spec(task).cpus.empty()) {
        free_cpus_.take(more, others);
        return;
    }
    for (std::uint32_t each = free_cpus_.next(0); others.size() < more; each = free_cpus_.next(each + 1))
        if (may_run(task, each)) others.push_back(each);
    for (const std::uint32_t each : others) free_cpus_.erase(each);
}

// Begins to run a picked task. false if there are not enough CPUs for it, and it is held until there are.
bool simulator::start(std::uint32_t cpu, std::uint32_t task) {
    const auto width = static_cast<std::size_t>(spec(task).width);
    processor& c = cpus_[cpu];
    queue_state& q = queues_[queue_of(cpu)];
    if (width > 1 && !has_room(task)) {
        q.held = task;
        return false;
    }
    if (q.held == task) q.held = none;
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
    if (width > 1) take_others(task, c.others);
    free_ -= width;
    note(event_kind::runs, task, cpu, options_.reasons ? note_reason(q.policy.why_picked(task, now_)) : 0);
    if (last_[cpu] != none && last_[cpu] != task) {
        ++result_.switches;
        if (options_.switch_cost > duration::max() - result_.overhead)
            throw std::invalid_argument("switches take longer than can be counted: give a smaller cost");
        c.switched = now_ + options_.switch_cost;
        result_.overhead += options_.switch_cost;
        job.waiting += options_.switch_cost;
    }
    if (job.first_run == time::max()) job.first_run = c.switched;
    if (options_.record) open_segment(cpu);
    c.slice_ends = slices_ ? end_of_slice(cpu) : time::max();
    return true;
}

// How much longer the policy lets a task run on a CPU, which has used so much there.
duration simulator::slice(std::uint32_t cpu, std::uint32_t task, duration used) const {
    const duration left = for_cpu(cpu, [&](policy::task_filter<> only) {
        return queues_[queue_of(cpu)].policy.slice(task, used, now_, only);
    });
    return std::max(duration::zero(), left);  // time does not go back
}

// Until when the policy lets a CPU's task run, which is settled.
time simulator::end_of_slice(std::uint32_t cpu) const {
    const processor& c = cpus_[cpu];
    const duration left = slice(cpu, c.task, c.used);
    const time begin = std::max(now_, c.switched);
    return left == policy::unlimited || left > time::max() - begin ? time::max() : begin + left;
}

// A slice ended in which its task did not run. There is an end to that, or there would be none to the run.
void simulator::count_empty_slice(std::uint32_t cpu) {
    std::size_t there = cpus_.size();  // tasks, at most
    for (const queue_state& q : queues_) there += q.ready;
    if (++empty_slices_ <= 1000 + 2 * there * cpus_.size()) return;
    const queue_state& q = queues_[queue_of(cpu)];
    throw invalid_state("policy " + std::string(q.policy.type_name()) + ": " + std::to_string(empty_slices_) +
                        " slices in a row were over before their tasks ran, the last one that of " +
                        spec(cpus_[cpu].task).name + " on CPU " + std::to_string(cpu) + " at " +
                        std::to_string(now_.time_since_epoch().count()) +
                        "; slice() of a task that was just picked must be more than zero");
}

// Gives a free CPU a task, if there is one for it.
bool simulator::dispatch(std::uint32_t cpu) {
    for (;;) {
        std::uint32_t task = next_for(cpu);
        if (task == none) task = steal(cpu);
        if (task == none || !start(cpu, task)) return false;
        // One that comes to a lock, or had yielded, goes on with its next step when the switch is over. That
        // may block or end it at once.
        if (tasks_[task].left > duration::zero() || cpus_[cpu].switched > now_ || go_on(task)) {
            arm(cpu);
            return true;
        }
    }
}

// The CPU whose task should make way first, of those that have to; none if none has.
std::uint32_t simulator::next_to_make_way() const {
    std::uint32_t found = none;
    for (std::uint32_t cpu = leading_.next(0); cpu != leading_.end(); cpu = leading_.next(cpu + 1)) {
        const processor& c = cpus_[cpu];
        const queue_state& q = queues_[queue_of(cpu)];
        // One that a policy has just put there is not in question, whatever it says now.
        if (!q.asked || !has_some_for(queue_of(cpu), cpu) || c.displaced == round_) continue;
        const bool displaced = for_cpu(
            cpu, [&](policy::task_filter<> only) { return q.policy.preempts(c.task, used(c), now_, only); });
        if (!displaced) continue;
        if (options_.queue_per_cpu) return cpu;
        if (found == none ||
            q.policy.makes_way_before(c.task, used(c), cpus_[found].task, used(cpus_[found]), now_))
            found = cpu;
    }
    return found;
}

// Running tasks that a ready one should displace make way.
void simulator::preempt() {
    if (!std::exchange(news_, false) || (!displaces_ && !reslices_)) return;
    ++round_;
    for (queue_state& q : queues_) {
        q.asked = std::exchange(q.news, false);
        if (!q.asked) continue;
        if (q.held != none && q.ready > 0 && displaces_ &&
            q.policy.preempts(q.held, duration::zero(), now_)) {
            put_back(q, std::exchange(q.held, none));
        }
    }
    // Free CPUs first: nobody has to make way where there is room.
    if (options_.cpus > 1) give_out();
    if (displaces_) displace();
    if (reslices_) reslice();
}

void simulator::displace() {
    for (std::uint32_t cpu = next_to_make_way(); cpu != none; cpu = next_to_make_way()) {
        cpus_[cpu].displaced = round_;
        settle(cpu);
        note(event_kind::preempted, cpus_[cpu].task, cpu);
        stop(cpu, stop_reason::preempted);
        if (options_.cpus > 1) dispatch(cpu);
    }
}

// With ageing and boosts the slice depends on who waits, and on the time.
void simulator::reslice() {
    for (std::uint32_t cpu = leading_.next(0); cpu != leading_.end(); cpu = leading_.next(cpu + 1)) {
        if (!queues_[queue_of(cpu)].asked) continue;
        settle(cpu);
        const time ends = end_of_slice(cpu);
        if (ends == cpus_[cpu].slice_ends) continue;
        cpus_[cpu].slice_ends = ends;
        arm(cpu);
    }
}

void simulator::give_out() {
    if (free_ == 0) return;
    const bool one_for_all = !options_.queue_per_cpu && !pinned_;
    if (one_for_all && queues_.front().ready == 0 && queues_.front().held == none) return;
    for (std::uint32_t cpu = free_cpus_.next(0); cpu != free_cpus_.end(); cpu = free_cpus_.next(cpu + 1)) {
        if (!dispatch(cpu) && one_for_all) return;  // there is nobody for the others either
    }
}

}  // namespace heddle::inline v0::sched
