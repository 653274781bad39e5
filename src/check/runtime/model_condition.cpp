// SPDX-License-Identifier: BSL-1.0
// pthread condition variables.

#include "model_condition.hpp"
#include <errno.h>
#include "cancellation.hpp"
#include "clocks.hpp"
#include "detector.hpp"
#include "failure.hpp"
#include "model_mutex.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

// glibc keeps an older version of these; the runtime replaces today's.
constexpr char version[] =
#if defined(__x86_64__)
    "GLIBC_2.3.2";
#else
    "GLIBC_2.17";
#endif
HEDDLE_REAL real_function<int(pthread_cond_t*, pthread_mutex_t*)> real_wait("pthread_cond_wait", version);
HEDDLE_REAL real_function<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)> real_timedwait(
    "pthread_cond_timedwait", version);
HEDDLE_REAL real_function<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)> real_clockwait(
    "pthread_cond_clockwait");
HEDDLE_REAL real_function<int(pthread_cond_t*)> real_signal("pthread_cond_signal", version);
HEDDLE_REAL real_function<int(pthread_cond_t*)> real_broadcast("pthread_cond_broadcast", version);
HEDDLE_REAL real_function<int(pthread_cond_t*, const pthread_condattr_t*)> real_init("pthread_cond_init",
                                                                                     version);
HEDDLE_REAL real_function<int(pthread_cond_t*)> real_destroy("pthread_cond_destroy", version);

bool heard(const thread& t) noexcept {
    return t.signalled;
}

}  // namespace

int wait_at_condition(thread& me, pthread_cond_t* c, pthread_mutex_t* m, const void* pc,
                      std::uint64_t deadline) {
    object& condition = object_at(c);
    object& mutex = object_at(m);
    // The point at entry: between the program's test of its condition and the beginning of the wait, others
    // can run that do not take the mutex. Their signal is lost.
    take_turn(me, {.what = action::cond_wait, .address = c, .also = m, .pc = pc, .on = &condition});
    if (mutex.owner != &me) {
        if (mutex.owner != nullptr || mutex.known)
            fail(&me, verdict::misuse, "a thread waits at a condition without holding the mutex");
    }
    leave_if_cancelled(me);
    const std::uint32_t count = disown_mutex(me, mutex);
    enqueue(me);
    ++condition.count;
    // After a signal's handler it wakes up for nothing, as POSIX allows: while the handler ran nobody could
    // signal it.
    const turn t = take_turn(me, {.what = action::cond_wake,
                                  .cancellable = true,
                                  .interrupted_by_signals = interruption::always,
                                  .address = c,
                                  .pc = pc,
                                  .on = &condition,
                                  .ready = &heard,
                                  .deadline = deadline});
    --condition.count;
    const bool signalled = me.signalled;
    me.signalled = false;
    if (signalled) acquire(me, condition);
    take_turn(me,
              {.what = action::mutex_lock, .address = m, .pc = pc, .on = &mutex, .ready = &mutex_is_free});
    own_mutex(me, mutex, count > 0 ? count : 1);
    // One that leaves must not take a signal with it that another waits for.
    if (!signalled) leave_if_cancelled(me);
    return t == turn::timed_out && !signalled ? ETIMEDOUT : 0;
}

int signal_condition(thread& me, pthread_cond_t* c, bool all, const void* pc) noexcept {
    object& condition = object_at(c);
    take_turn(me, {.what = all ? action::cond_broadcast : action::cond_signal,
                   .address = c,
                   .pc = pc,
                   .on = &condition});
    thread* waiting[max_threads];
    std::uint32_t n = 0;
    for_each_thread([&](thread& t) {
        if (t.pending.what == action::cond_wake && t.pending.on == &condition && !t.signalled)
            waiting[n++] = &t;
    });
    if (n == 0) {
        ++condition.lost_signals;
    } else {
        release(me, condition);
        // POSIX does not say whom a signal wakes.
        if (all)
            for (std::uint32_t i = 0; i < n; ++i) waiting[i]->signalled = true;
        else
            waiting[choose(me, n, pc)]->signalled = true;
    }
    point_after_release(me, c, pc);
    return 0;
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int pthread_cond_init(pthread_cond_t* c, const pthread_condattr_t* attributes) {
    if (controlled() != nullptr) forget_object(c);
    return real_init(c, attributes);
}

HEDDLE_INTERPOSED int pthread_cond_destroy(pthread_cond_t* c) {
    thread* const me = controlled();
    if (me == nullptr) return real_destroy(c);
    if (const object* const o = find_object(c); o != nullptr && o->count > 0) {
        // libc waits for those that were woken and have not left yet; those that nobody woke it would wait
        // for.
        bool unheard = false;
        for_each_thread([&](const thread& t) {
            unheard |= t.pending.what == action::cond_wake && t.pending.on == o && !t.signalled;
        });
        if (unheard) fail(me, verdict::misuse, "a condition is destroyed while a thread waits at it");
    }
    return 0;
}

HEDDLE_INTERPOSED int pthread_cond_wait(pthread_cond_t* c, pthread_mutex_t* m) {
    thread* const me = controlled();
    if (me == nullptr) return real_wait(c, m);
    return wait_at_condition(*me, c, m, HEDDLE_RETURN_ADDRESS, never);
}

HEDDLE_INTERPOSED int pthread_cond_timedwait(pthread_cond_t* c, pthread_mutex_t* m, const timespec* until) {
    thread* const me = controlled();
    if (me == nullptr) return real_timedwait(c, m, until);
    // Which clock it was initialised for: bit 1 of __flags (glibc's __PTHREAD_COND_CLOCK_MONOTONIC_MASK in
    // wrefs).
    const clockid_t clock = (c->__data.__wrefs & 2) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    return wait_at_condition(*me, c, m, HEDDLE_RETURN_ADDRESS, virtual_deadline(clock, *until));
}

HEDDLE_INTERPOSED int pthread_cond_clockwait(pthread_cond_t* c, pthread_mutex_t* m, clockid_t clock,
                                             const timespec* until) {
    thread* const me = controlled();
    if (me == nullptr) return real_clockwait(c, m, clock, until);
    return wait_at_condition(*me, c, m, HEDDLE_RETURN_ADDRESS, virtual_deadline(clock, *until));
}

HEDDLE_INTERPOSED int pthread_cond_signal(pthread_cond_t* c) {
    thread* const me = controlled();
    if (me == nullptr) return real_signal(c);
    return signal_condition(*me, c, false, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int pthread_cond_broadcast(pthread_cond_t* c) {
    thread* const me = controlled();
    if (me == nullptr) return real_broadcast(c);
    return signal_condition(*me, c, true, HEDDLE_RETURN_ADDRESS);
}
