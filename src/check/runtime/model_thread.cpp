// SPDX-License-Identifier: BSL-1.0
// pthread_create, join, detach, exit and cancel. Kernel threads are made and joined by libc, so that
// thread-local storage, stacks and what else libc keeps of a thread are real.

#include "model_thread.hpp"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <cstring>
#include "cancellation.hpp"
#include "clocks.hpp"
#include "detector.hpp"
#include "ending.hpp"
#include "failure.hpp"
#include "model_priority.hpp"
#include "model_signal.hpp"
#include "real.hpp"
#include "spare.hpp"
#include "switch.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)> real_create(
    "pthread_create");
HEDDLE_REAL real_function<int(pthread_t, void**)> real_join("pthread_join");
HEDDLE_REAL real_function<int(pthread_t, void**)> real_tryjoin("pthread_tryjoin_np");
HEDDLE_REAL real_function<int(pthread_t, void**, const timespec*)> real_timedjoin("pthread_timedjoin_np");
HEDDLE_REAL real_function<int(pthread_t, void**, clockid_t, const timespec*)> real_clockjoin(
    "pthread_clockjoin_np");
HEDDLE_REAL real_function<int(pthread_t)> real_detach("pthread_detach");
HEDDLE_REAL real_function<void(void*)> real_exit("pthread_exit");
HEDDLE_REAL real_function<int(pthread_t)> real_cancel("pthread_cancel");
HEDDLE_REAL real_function<int(int, int*)> real_setcancelstate("pthread_setcancelstate");
HEDDLE_REAL real_function<void()> real_testcancel("pthread_testcancel");

constinit pthread_key_t end_key = 0;

// A thread is over when its thread_local objects and the values of its keys have been destroyed: the model's
// own key is destroyed last, because it comes back until libc's last pass.
void on_key_destroyed(void* p) noexcept {
    thread& me = *static_cast<thread*>(p);
    if (++me.last_passes < PTHREAD_DESTRUCTOR_ITERATIONS) {
        ::pthread_setspecific(end_key, p);
        return;
    }
    finish(me);
    // From here on, on its own kernel thread and joined by another: libc's end of a thread.
    current_thread = nullptr;
}

void* run_thread(thread& me) {
    current_thread = &me;
    ::pthread_setspecific(end_key, &me);
    if (due_signals(me) != 0) handle_signals(me);
    me.result = me.start(me.argument);
    return me.result;
}

void* wait_and_run(void* p) {
    thread& me = *static_cast<thread*>(p);
    wait_for_first_turn(me);
    return run_thread(me);
}

[[noreturn]] void leave(thread& me, void* result) {
    me.result = result;
    real_exit(result);
    __builtin_unreachable();
}

bool has_ended(const thread& t) noexcept {
    return t.joins->finished;
}

// A stack that libc uses again has the handle of the thread before, as its address: what that one did happened
// before what the new one does there.
object& stack_of(const thread& t) noexcept {
    return object_at(reinterpret_cast<const void*>(t.handle));
}

// The end of a thread in libc gives its memory back: it happens at a moment of the schedule, not some time
// later. A spare's stays as it is.
void join_kernel_thread(thread& t, void** result) noexcept {
    if (!t.spare) {
        release_kernel_thread(t);
        thread* const me = current_thread;
        current_thread = nullptr;
        real_join(t.handle, nullptr);
        current_thread = me;
    }
    if (result != nullptr) *result = t.result;
    release(t, stack_of(t));
    forget_thread(t);
}

int create_kernel_thread(thread& t, const pthread_attr_t* attributes) {
    pthread_attr_t real;
    if (attributes != nullptr) {
        int state = PTHREAD_CREATE_JOINABLE;
        ::pthread_attr_getdetachstate(attributes, &state);
        t.detached = state == PTHREAD_CREATE_DETACHED;
        // Real detached threads end when they like; the model joins all of them. And who may go on is not the
        // kernel's to say.
        real = *attributes;
        ::pthread_attr_setdetachstate(&real, PTHREAD_CREATE_JOINABLE);
        ::pthread_attr_setinheritsched(&real, PTHREAD_INHERIT_SCHED);
        attributes = &real;
    }
    thread* const me = current_thread;
    current_thread = nullptr;
    const int error = real_create(&t.handle, attributes, &wait_and_run, &t);
    if (error == 0) wait_until_parked(t.kernel);
    current_thread = me;
    return error;
}

}  // namespace

thread* find_thread(pthread_t handle) noexcept {
    for (std::uint32_t i = 0; i < engine.slots; ++i)
        if (engine.threads[i] != nullptr && ::pthread_equal(engine.threads[i]->handle, handle) != 0)
            return engine.threads[i];
    return nullptr;
}

int create_thread(thread& me, pthread_t* handle, const pthread_attr_t* attributes, void* (*start)(void*),
                  void* argument, const void* pc) {
    thread& child = new_thread(&me, reinterpret_cast<const void*>(start));
    child.start = start;
    child.argument = argument;
    begin_priority(&me, child, attributes);
    if (const int error = take_spare(child, attributes) ? 0 : create_kernel_thread(child, attributes); error != 0) {
        forget_thread(child);
        return error;
    }
    acquire(child, stack_of(child));
    *handle = child.handle;
    take_turn(me, {.what = action::thread_create, .writes = false, .pc = pc, .value = child.number});
    return 0;
}

int join_thread(thread& me, pthread_t handle, void** result, const void* pc, std::uint64_t deadline) {
    thread* const t = find_thread(handle);
    if (t == nullptr) {
        me.pending = {.what = action::thread_join, .writes = false, .pc = pc};
        fail(&me, verdict::misuse, "a thread is joined that has been joined before, or never was");
    }
    if (t == &me) return EDEADLK;
    if (t->detached) fail(&me, verdict::misuse, "a detached thread is joined");
    leave_if_cancelled(me);
    me.joins = t;
    const turn ended = take_turn(me, {.what = action::thread_join,
                                      .writes = false,
                                      .cancellable = true,
                                      .address = t,
                                      .pc = pc,
                                      .ready = &has_ended,
                                      .deadline = deadline,
                                      .value = t->number});
    leave_if_cancelled(me);
    if (ended == turn::timed_out) return ETIMEDOUT;
    synchronise(me, *t);
    join_kernel_thread(*t, result);
    return 0;
}

void prepare_threads() noexcept {
    ::pthread_key_create(&end_key, &on_key_destroyed);
    prepare_spares(&run_thread);
}

void collect_detached() noexcept {
    for (std::uint32_t i = 0; i < engine.slots; ++i)
        if (thread* const t = engine.threads[i]; t != nullptr && t->finished && t->detached && t->handle != 0)
            join_kernel_thread(*t, nullptr);
}

bool must_leave(const thread& t) noexcept {
    return t.cancel_requested && t.cancel_enabled && !t.cancelling;
}

void leave_if_cancelled(thread& me) {
    if (!must_leave(me)) return;
    me.cancelling = true;
    leave(me, PTHREAD_CANCELED);
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int pthread_create(pthread_t* handle, const pthread_attr_t* attributes,
                                     void* (*start)(void*), void* argument) {
    thread* const me = controlled();
    if (me == nullptr) return real_create(handle, attributes, start, argument);
    collect_detached();
    return create_thread(*me, handle, attributes, start, argument, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int pthread_join(pthread_t handle, void** result) {
    thread* const me = controlled();
    return me == nullptr ? real_join(handle, result)
                         : join_thread(*me, handle, result, HEDDLE_RETURN_ADDRESS, never);
}

HEDDLE_INTERPOSED int pthread_timedjoin_np(pthread_t handle, void** result, const timespec* until) {
    thread* const me = controlled();
    return me == nullptr ? real_timedjoin(handle, result, until)
                         : join_thread(*me, handle, result, HEDDLE_RETURN_ADDRESS,
                                       virtual_deadline(CLOCK_REALTIME, *until));
}

HEDDLE_INTERPOSED int pthread_clockjoin_np(pthread_t handle, void** result, clockid_t clock,
                                           const timespec* until) {
    thread* const me = controlled();
    return me == nullptr
               ? real_clockjoin(handle, result, clock, until)
               : join_thread(*me, handle, result, HEDDLE_RETURN_ADDRESS, virtual_deadline(clock, *until));
}

HEDDLE_INTERPOSED int pthread_tryjoin_np(pthread_t handle, void** result) {
    thread* const me = controlled();
    if (me == nullptr) return real_tryjoin(handle, result);
    const thread* const t = find_thread(handle);
    if (t != nullptr && !t->finished) {
        const void* const pc = HEDDLE_RETURN_ADDRESS;
        take_turn(*me, {.what = action::yield, .writes = false, .pc = pc});
        if (!t->finished) return EBUSY;
    }
    return join_thread(*me, handle, result, HEDDLE_RETURN_ADDRESS, never);
}

HEDDLE_INTERPOSED int pthread_detach(pthread_t handle) {
    thread* const me = controlled();
    if (me == nullptr) return real_detach(handle);
    thread* const t = find_thread(handle);
    if (t == nullptr) return ESRCH;
    if (t->detached) fail(me, verdict::misuse, "a thread is detached twice");
    t->detached = true;
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::thread_detach, .writes = false, .pc = pc, .value = t->number});
    return 0;
}

HEDDLE_INTERPOSED void pthread_exit(void* value) {
    thread* const me = controlled();
    if (me == nullptr) {
        real_exit(value);
        __builtin_unreachable();
    }
    if (me->number == 0) end_main_thread(*me);
    leave(*me, value);
}

HEDDLE_INTERPOSED int pthread_cancel(pthread_t handle) {
    thread* const me = controlled();
    if (me == nullptr) return real_cancel(handle);
    thread* const t = find_thread(handle);
    if (t == nullptr) return ESRCH;
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::none, .global = true, .address = t, .pc = pc});
    t->cancel_requested = true;
    return 0;
}

HEDDLE_INTERPOSED int pthread_setcancelstate(int state, int* old) {
    thread* const me = controlled();
    if (me == nullptr) return real_setcancelstate(state, old);
    if (old != nullptr) *old = me->cancel_enabled ? PTHREAD_CANCEL_ENABLE : PTHREAD_CANCEL_DISABLE;
    me->cancel_enabled = state == PTHREAD_CANCEL_ENABLE;
    return 0;
}

HEDDLE_INTERPOSED void pthread_testcancel() {
    thread* const me = controlled();
    if (me == nullptr) return real_testcancel();
    leave_if_cancelled(*me);
}
