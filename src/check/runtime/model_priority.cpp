// SPDX-License-Identifier: BSL-1.0
#include "model_priority.hpp"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>
#include "failure.hpp"
#include "model_thread.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(pthread_t, int, const sched_param*)> real_setschedparam(
    "pthread_setschedparam");
HEDDLE_REAL real_function<int(pthread_t, int*, sched_param*)> real_getschedparam("pthread_getschedparam");
HEDDLE_REAL real_function<int(pthread_t, int)> real_setschedprio("pthread_setschedprio");
HEDDLE_REAL real_function<int(pid_t, int, const sched_param*)> real_setscheduler("sched_setscheduler");
HEDDLE_REAL real_function<int(pid_t)> real_getscheduler("sched_getscheduler");
HEDDLE_REAL real_function<int(pid_t, const sched_param*)> real_setparam("sched_setparam");
HEDDLE_REAL real_function<int(pid_t, sched_param*)> real_getparam("sched_getparam");
HEDDLE_REAL real_function<int(int)> real_nice("nice");
HEDDLE_REAL real_function<int(__priority_which_t, id_t, int)> real_setpriority("setpriority");
HEDDLE_REAL real_function<int(__priority_which_t, id_t)> real_getpriority("getpriority");

bool is_real_time(int scheduler) noexcept {
    return scheduler == SCHED_FIFO || scheduler == SCHED_RR;
}

// Linux: 0 is the caller, and a process is its first thread.
thread* thread_of(thread& me, id_t id) noexcept {
    if (id == 0) return &me;
    thread* found = nullptr;
    for_each_thread([&](thread& t) {
        if (static_cast<id_t>(t.kernel.tid) == id) found = &t;
    });
    return found;
}

int set(thread& t, int scheduler, int priority) noexcept {
    scheduler &= ~SCHED_RESET_ON_FORK;
    const int most = ::sched_get_priority_max(scheduler);
    const int least = ::sched_get_priority_min(scheduler);
    if (most < 0 || priority < least || priority > most) return EINVAL;
    t.scheduler = static_cast<std::int16_t>(scheduler);
    t.real_time_priority = static_cast<std::int16_t>(priority);
    return 0;
}

void set_nice(thread& t, int value) noexcept {
    t.nice = static_cast<std::int16_t>(value < -20 ? -20 : value > 19 ? 19 : value);
}

int with_errno(int error) noexcept {
    if (error == 0) return 0;
    errno = error;
    return -1;
}

// The one that keeps `t` from going on, and whether it is to inherit the priority of `t`.
thread* holder(const thread& t, bool& inherits) noexcept {
    inherits = false;
    if (t.pending.what != action::mutex_lock || t.pending.on == nullptr) return nullptr;
    thread* const owner = t.pending.on->owner;
    inherits = t.pending.on->inherits;
    return owner != &t ? owner : nullptr;
}

}  // namespace

void begin_priority(const thread* parent, thread& t, const pthread_attr_t* attributes) noexcept {
    if (parent != nullptr) {
        t.scheduler = parent->scheduler;
        t.real_time_priority = parent->real_time_priority;
        t.nice = parent->nice;
    }
    int inherited = PTHREAD_INHERIT_SCHED;
    if (attributes == nullptr || ::pthread_attr_getinheritsched(attributes, &inherited) != 0 ||
        inherited == PTHREAD_INHERIT_SCHED)
        return;
    int scheduler = SCHED_OTHER;
    sched_param p{};
    ::pthread_attr_getschedpolicy(attributes, &scheduler);
    ::pthread_attr_getschedparam(attributes, &p);
    set(t, scheduler, p.sched_priority);
}

int own_priority(const thread& t) noexcept {
    constexpr int above_all_others = 1000;
    return is_real_time(t.scheduler) ? above_all_others + t.real_time_priority : -t.nice;
}

int effective_priority(const thread& t) noexcept {
    int best = own_priority(t);
    for_each_thread([&](const thread& waiting) {
        // Along the chain of owners, each of whom waits for the next.
        thread* at = const_cast<thread*>(&waiting);
        for (unsigned n = 0; at != nullptr && n < max_threads; ++n) {
            bool inherits = false;
            at = holder(*at, inherits);
            if (!inherits) return;
            if (at == &t && own_priority(waiting) > best) best = own_priority(waiting);
        }
    });
    return best;
}

void watch_for_inversion(thread& me, const thread& chosen) noexcept {
    constexpr std::uint32_t too_long = 1'000;  // steps
    for_each_thread([&](thread& t) {
        bool inherits = false;
        const thread* const owner = holder(t, inherits);
        if (owner == nullptr || owner->finished) {
            t.inverted = 0;
            return;
        }
        const int priority = effective_priority(chosen);
        if (&chosen == owner || priority >= own_priority(t) || priority <= effective_priority(*owner)) return;
        if (++t.inverted >= too_long)
            fail(&me, verdict::priority_inversion,
                 "a thread waits for a lock whose owner does not get to go on, because a thread of a "
                 "priority between "
                 "theirs does");
    });
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int pthread_setschedparam(pthread_t handle, int scheduler, const sched_param* p) noexcept {
    if (controlled() == nullptr) return real_setschedparam(handle, scheduler, p);
    thread* const t = find_thread(handle);
    return t == nullptr ? ESRCH : set(*t, scheduler, p->sched_priority);
}

HEDDLE_INTERPOSED int pthread_getschedparam(pthread_t handle, int* scheduler, sched_param* p) noexcept {
    if (controlled() == nullptr) return real_getschedparam(handle, scheduler, p);
    const thread* const t = find_thread(handle);
    if (t == nullptr) return ESRCH;
    *scheduler = t->scheduler;
    p->sched_priority = t->real_time_priority;
    return 0;
}

HEDDLE_INTERPOSED int pthread_setschedprio(pthread_t handle, int priority) noexcept {
    if (controlled() == nullptr) return real_setschedprio(handle, priority);
    thread* const t = find_thread(handle);
    return t == nullptr ? ESRCH : set(*t, t->scheduler, priority);
}

HEDDLE_INTERPOSED int sched_setscheduler(pid_t pid, int scheduler, const sched_param* p) noexcept {
    thread* const me = controlled();
    thread* const t = me == nullptr ? nullptr : thread_of(*me, static_cast<id_t>(pid));
    if (t == nullptr) return real_setscheduler(pid, scheduler, p);
    return with_errno(set(*t, scheduler, p->sched_priority));
}

HEDDLE_INTERPOSED int sched_getscheduler(pid_t pid) noexcept {
    thread* const me = controlled();
    const thread* const t = me == nullptr ? nullptr : thread_of(*me, static_cast<id_t>(pid));
    return t == nullptr ? real_getscheduler(pid) : t->scheduler;
}

HEDDLE_INTERPOSED int sched_setparam(pid_t pid, const sched_param* p) noexcept {
    thread* const me = controlled();
    thread* const t = me == nullptr ? nullptr : thread_of(*me, static_cast<id_t>(pid));
    return t == nullptr ? real_setparam(pid, p) : with_errno(set(*t, t->scheduler, p->sched_priority));
}

HEDDLE_INTERPOSED int sched_getparam(pid_t pid, sched_param* p) noexcept {
    thread* const me = controlled();
    const thread* const t = me == nullptr ? nullptr : thread_of(*me, static_cast<id_t>(pid));
    if (t == nullptr) return real_getparam(pid, p);
    p->sched_priority = t->real_time_priority;
    return 0;
}

HEDDLE_INTERPOSED int nice(int increment) noexcept {
    thread* const me = controlled();
    if (me == nullptr) return real_nice(increment);
    set_nice(*me, me->nice + increment);
    return me->nice;
}

HEDDLE_INTERPOSED int setpriority(__priority_which_t which, id_t who, int value) noexcept {
    thread* const me = controlled();
    thread* const t = me == nullptr || which != PRIO_PROCESS ? nullptr : thread_of(*me, who);
    if (t == nullptr) return real_setpriority(which, who, value);
    set_nice(*t, value);
    return 0;
}

HEDDLE_INTERPOSED int getpriority(__priority_which_t which, id_t who) noexcept {
    thread* const me = controlled();
    const thread* const t = me == nullptr || which != PRIO_PROCESS ? nullptr : thread_of(*me, who);
    return t == nullptr ? real_getpriority(which, who) : t->nice;
}
