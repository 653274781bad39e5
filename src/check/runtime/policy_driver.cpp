// SPDX-License-Identifier: BSL-1.0
#include "policy_driver.hpp"

#include <heddle/policy/fcfs.hpp>
#include <heddle/policy/priority.hpp>
#include <heddle/policy/round_robin.hpp>
#include <new>
#include "model_priority.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

using policy::stop_reason;

policy::time now() noexcept {
    return policy::time(policy::duration(static_cast<std::int64_t>(engine.now)));
}

// A policy, whichever it is. Threads are known to it by their numbers.
class any_policy {
 public:
    virtual ~any_policy() = default;
    virtual void arrive(const thread& t, int priority) = 0;
    virtual std::optional<std::uint64_t> pick() = 0;
    virtual bool may_go_on(const thread& t,
                           policy::duration used) const = 0;  // nobody is to run in its place
    virtual bool slice_is_over(const thread& t, policy::duration used) const = 0;
    virtual void ran(const thread& t, policy::duration used, stop_reason why) = 0;
    virtual void leave(const thread& t) = 0;
};

template <policy::scheduling_policy P> class held final : public any_policy {
 public:
    explicit held(P p) : p_(std::move(p)) {}
    void arrive(const thread& t, int priority) override {
        policy::task_info<std::uint64_t> task;
        task.id = t.number;
        task.arrival = now();
        task.priority = priority;
        p_.arrive(task, now());
    }
    std::optional<std::uint64_t> pick() override { return p_.pick(now()); }
    bool may_go_on(const thread& t, policy::duration used) const override {
        return !p_.preempts(t.number, used, now());
    }
    bool slice_is_over(const thread& t, policy::duration used) const override {
        return p_.slice(t.number, used, now()) <= policy::duration::zero();
    }
    void ran(const thread& t, policy::duration used, stop_reason why) override {
        p_.ran(t.number, used, why, now());
    }
    void leave(const thread& t) override { p_.leave(t.number, now()); }

 private:
    P p_;
};

enum class place : std::uint8_t { nowhere, ready, running };

// By thread number: what the policy believes.
struct belief {
    place where;
    int priority;
};

alignas(16) constinit unsigned char storage[512]{};
constinit any_policy* chosen_policy = nullptr;
constinit belief believed[max_thread_records]{};
constinit thread* running = nullptr;
constinit std::uint64_t picked_at = 0;

template <class P> void hold(P p) noexcept {
    static_assert(sizeof(held<P>) <= sizeof storage);
    chosen_policy = new (storage) held<P>(std::move(p));
}

bool is_among(const thread* t, thread* const* candidates, unsigned n) noexcept {
    for (unsigned i = 0; i < n; ++i)
        if (candidates[i] == t) return true;
    return false;
}

policy::duration used() noexcept {
    return policy::duration(static_cast<std::int64_t>(engine.now - picked_at));
}

void stop_running(stop_reason why) noexcept {
    chosen_policy->ran(*running, used(), why);
    believed[running->number].where = policy::still_ready(why) ? place::ready : place::nowhere;
    if (why == stop_reason::finished) chosen_policy->leave(*running);
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
    else if (chosen_policy->slice_is_over(*running, used()))
        stop_running(stop_reason::expired);
    else if (!chosen_policy->may_go_on(*running, used()))
        stop_running(stop_reason::preempted);
}

void arrive(const thread& t) noexcept {
    const int priority = effective_priority(t);
    chosen_policy->arrive(t, priority);
    believed[t.number] = {place::ready, priority};
}

// A priority that has changed, also by inheritance: to the policy it is a new task.
void renew_priorities() noexcept {
    for_each_thread([&](thread& t) {
        belief& b = believed[t.number];
        if (b.where == place::nowhere || b.priority == effective_priority(t)) return;
        if (b.where == place::running) stop_running(stop_reason::preempted);
        chosen_policy->leave(t);
        arrive(t);
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
    switch (o.policy) {
        case policy_kind::fcfs:
            hold(policy::fcfs());
            break;
        case policy_kind::round_robin:
            hold(policy::round_robin(policy::duration(static_cast<std::int64_t>(o.quantum_ns))));
            break;
        case policy_kind::priority:
            hold(policy::priority(policy::priority_options{.preemptive = true}));
            break;
    }
}

thread* thread_by_policy(thread& me, thread* const* candidates, unsigned n) noexcept {
    for (unsigned i = 0; i < n; ++i)
        if (believed[candidates[i]->number].where == place::nowhere) arrive(*candidates[i]);
    renew_priorities();
    look_at_running(me, candidates, n);
    while (running == nullptr) {
        const std::optional<std::uint64_t> picked = chosen_policy->pick();
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
