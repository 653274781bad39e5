// SPDX-License-Identifier: BSL-1.0
#include "policy_driver.hpp"

#include <heddle/policy/any_policy.hpp>
#include <heddle/policy/nice_weight.hpp>
#include <sched.h>
#include <new>
#include "arena.hpp"
#include "model_priority.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

using policy::stop_reason;

policy::time now() noexcept {
    return policy::time(policy::duration(static_cast<std::int64_t>(engine.now)));
}

enum class place : std::uint8_t { nowhere, ready, running };

// By thread number: what the policy believes.
struct belief {
    place where;
    std::int16_t nice;
    int priority;
};

alignas(policy::any_policy) constinit unsigned char storage[sizeof(policy::any_policy)]{};
constinit policy::any_policy* chosen_policy = nullptr;  // in `storage`: never destroyed
alignas(page_size) constinit belief believed[max_thread_records]{};
constinit thread* running = nullptr;
constinit std::uint64_t picked_at = 0;

bool is_among(const thread* t, thread* const* candidates, unsigned n) noexcept {
    for (unsigned i = 0; i < n; ++i)
        if (candidates[i] == t) return true;
    return false;
}

policy::duration used() noexcept {
    return policy::duration(static_cast<std::int64_t>(engine.now - picked_at));
}

void stop_running(stop_reason why) noexcept {
    chosen_policy->ran(running->number, used(), why, now());
    believed[running->number].where = policy::still_ready(why) ? place::ready : place::nowhere;
    if (why == stop_reason::finished) chosen_policy->leave(running->number, now());
    running = nullptr;
}

// What the running thread did last ends its turn, or does not.
void look_at_running(const thread& me, thread* const* candidates, unsigned n) noexcept {
    if (running == nullptr) return;
    if (running->finished)
        stop_running(stop_reason::finished);
    else if (!is_among(running, candidates, n))
        stop_running(stop_reason::blocked);
    else if (running == &me && me.yielded)
        stop_running(stop_reason::yielded);
    else if (chosen_policy->slice(running->number, used(), now()) <= policy::duration::zero())
        stop_running(stop_reason::expired);
    else if (chosen_policy->preempts(running->number, used(), now()))
        stop_running(stop_reason::preempted);
}

policy::task_class class_of(const thread& t) noexcept {
    switch (t.scheduler) {
        case SCHED_FIFO:
            return policy::task_class::fifo;
        case SCHED_RR:
            return policy::task_class::round_robin;
        case SCHED_BATCH:
            return policy::task_class::batch;
        case SCHED_IDLE:
            return policy::task_class::idle;
        default:
            return policy::task_class::fair;
    }
}

policy::task_info<> task_of(const thread& t, int priority) noexcept {
    policy::task_info<> task;
    task.id = t.number;
    task.arrival = now();
    task.priority = priority;
    task.weight = policy::nice_weight(t.nice);
    task.kind = class_of(t);
    return task;
}

void arrive(const thread& t) noexcept {
    const int priority = effective_priority(t);
    chosen_policy->arrive(task_of(t, priority), now());
    believed[t.number] = {place::ready, t.nice, priority};
}

// A priority that has changed, also by inheritance, or a share.
void renew_priorities() noexcept {
    for_each_thread([&](const thread& t) {
        belief& b = believed[t.number];
        const int priority = effective_priority(t);
        if (b.where == place::nowhere || (b.priority == priority && b.nice == t.nice)) return;
        b.priority = priority;
        b.nice = t.nice;
        chosen_policy->adjust(task_of(t, priority), now());
    });
}

thread* thread_of(std::uint64_t number) noexcept {
    for (std::uint32_t i = 0; i < engine.slots; ++i)
        if (engine.threads[i] != nullptr && engine.threads[i]->number == number) return engine.threads[i];
    return nullptr;
}

}  // namespace

void begin_policy() noexcept {
    const orders& o = engine.shared->orders;
    // Threads are preempted as the kernel's are. The explorer has looked at the description.
    chosen_policy = new (storage) policy::any_policy(
        policy::make_policy(o.policy, {.quantum = policy::duration(static_cast<std::int64_t>(o.quantum_ns)),
                                       .preemptive = true,
                                       .seed = o.seed}));
}

thread* thread_by_policy(thread& me, thread* const* candidates, unsigned n) noexcept {
    for (unsigned i = 0; i < n; ++i)
        if (believed[candidates[i]->number].where == place::nowhere) arrive(*candidates[i]);
    renew_priorities();
    look_at_running(me, candidates, n);
    while (running == nullptr) {
        const std::optional<std::uint64_t> picked = chosen_policy->pick(now());
        if (!picked) return candidates[0];  // it keeps somebody for later: not the CPU's way
        thread* const t = thread_of(*picked);
        believed[*picked].where = place::nowhere;
        if (t == nullptr) continue;
        running = t;
        picked_at = engine.now;
        believed[*picked].where = place::running;
        // It was ready and cannot go on any more: it takes its turn only to find the lock taken.
        if (!is_among(t, candidates, n)) stop_running(stop_reason::blocked);
    }
    return running;
}

}  // namespace heddle::inline v0::check::runtime
