// SPDX-License-Identifier: BSL-1.0
// pthread barriers.

#include <errno.h>
#include "detector.hpp"
#include "failure.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(pthread_barrier_t*, const pthread_barrierattr_t*, unsigned)> real_init(
    "pthread_barrier_init");
HEDDLE_REAL real_function<int(pthread_barrier_t*)> real_wait("pthread_barrier_wait");
HEDDLE_REAL real_function<int(pthread_barrier_t*)> real_destroy("pthread_barrier_destroy");

// glibc's layout (sysdeps/nptl/internaltypes.h): in, current_round, count, … The model reads `count` of a
// barrier that was made before the schedule began.
unsigned parties_of(const pthread_barrier_t* b) noexcept {
    return reinterpret_cast<const unsigned*>(b)[2];
}

bool passed(const thread& t) noexcept {
    return t.signalled;
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int pthread_barrier_init(pthread_barrier_t* b, const pthread_barrierattr_t* attributes,
                                           unsigned n) {
    if (controlled() != nullptr) forget_object(b);
    return real_init(b, attributes, n);
}

HEDDLE_INTERPOSED int pthread_barrier_wait(pthread_barrier_t* b) {
    thread* const me = controlled();
    if (me == nullptr) return real_wait(b);
    object& o = object_at(b);
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::barrier_arrive, .address = b, .pc = pc, .on = &o});
    release(*me, o);
    if (++o.count == parties_of(b)) {
        o.count = 0;
        for_each_thread([&](thread& t) {
            if (t.pending.what == action::barrier_leave && t.pending.on == &o) t.signalled = true;
        });
        acquire(*me, o);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    me->signalled = false;
    take_turn(*me, {.what = action::barrier_leave, .address = b, .pc = pc, .on = &o, .ready = &passed});
    me->signalled = false;
    acquire(*me, o);
    return 0;
}

HEDDLE_INTERPOSED int pthread_barrier_destroy(pthread_barrier_t* b) {
    thread* const me = controlled();
    if (me == nullptr) return real_destroy(b);
    if (const object* const o = find_object(b); o != nullptr && o->count > 0)
        fail(me, verdict::misuse, "a barrier is destroyed while threads wait at it");
    forget_object(b);
    return 0;
}
