// SPDX-License-Identifier: BSL-1.0
// pthread reader-writer locks. `count` is how many read; `owner` is who writes. Who reads is not known by
// name.

#include <errno.h>
#include "clocks.hpp"
#include "detector.hpp"
#include "failure.hpp"
#include "model_mutex.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(pthread_rwlock_t*)> real_rdlock("pthread_rwlock_rdlock");
HEDDLE_REAL real_function<int(pthread_rwlock_t*)> real_wrlock("pthread_rwlock_wrlock");
HEDDLE_REAL real_function<int(pthread_rwlock_t*)> real_tryrdlock("pthread_rwlock_tryrdlock");
HEDDLE_REAL real_function<int(pthread_rwlock_t*)> real_trywrlock("pthread_rwlock_trywrlock");
HEDDLE_REAL real_function<int(pthread_rwlock_t*)> real_unlock("pthread_rwlock_unlock");
HEDDLE_REAL real_function<int(pthread_rwlock_t*)> real_destroy("pthread_rwlock_destroy");
HEDDLE_REAL real_function<int(pthread_rwlock_t*, const pthread_rwlockattr_t*)> real_init(
    "pthread_rwlock_init");
HEDDLE_REAL real_function<int(pthread_rwlock_t*, const timespec*)> real_timedrdlock(
    "pthread_rwlock_timedrdlock");
HEDDLE_REAL real_function<int(pthread_rwlock_t*, const timespec*)> real_timedwrlock(
    "pthread_rwlock_timedwrlock");
HEDDLE_REAL real_function<int(pthread_rwlock_t*, clockid_t, const timespec*)> real_clockrdlock(
    "pthread_rwlock_clockrdlock");
HEDDLE_REAL real_function<int(pthread_rwlock_t*, clockid_t, const timespec*)> real_clockwrlock(
    "pthread_rwlock_clockwrlock");

bool no_writer(const thread& t) noexcept {
    return t.pending.on->owner == nullptr;
}
bool nobody(const thread& t) noexcept {
    return t.pending.on->owner == nullptr && t.pending.on->count == 0;
}

int read_lock(thread& me, const void* l, const void* pc, std::uint64_t deadline) noexcept {
    object& o = object_at(l);
    if (o.owner == &me) return EDEADLK;
    if (take_turn(me, {.what = action::read_lock,
                       .address = l,
                       .pc = pc,
                       .on = &o,
                       .ready = &no_writer,
                       .deadline = deadline}) == turn::timed_out)
        return ETIMEDOUT;
    ++o.count;
    acquire(me, o);
    return 0;
}

int write_lock(thread& me, const void* l, const void* pc, std::uint64_t deadline) noexcept {
    object& o = object_at(l);
    if (o.owner == &me) return EDEADLK;
    if (take_turn(me, {.what = action::write_lock,
                       .address = l,
                       .pc = pc,
                       .on = &o,
                       .ready = &nobody,
                       .deadline = deadline}) == turn::timed_out)
        return ETIMEDOUT;
    o.owner = &me;
    acquire_alone(me, o);
    return 0;
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int pthread_rwlock_init(pthread_rwlock_t* l, const pthread_rwlockattr_t* attributes) {
    if (controlled() != nullptr) forget_object(l);
    return real_init(l, attributes);
}

HEDDLE_INTERPOSED int pthread_rwlock_destroy(pthread_rwlock_t* l) {
    thread* const me = controlled();
    if (me == nullptr) return real_destroy(l);
    if (const object* const o = find_object(l); o != nullptr && (o->owner != nullptr || o->count > 0))
        fail(me, verdict::misuse, "a reader-writer lock is destroyed while it is locked");
    forget_object(l);
    return 0;
}

HEDDLE_INTERPOSED int pthread_rwlock_rdlock(pthread_rwlock_t* l) {
    thread* const me = controlled();
    return me == nullptr ? real_rdlock(l) : read_lock(*me, l, HEDDLE_RETURN_ADDRESS, never);
}

HEDDLE_INTERPOSED int pthread_rwlock_timedrdlock(pthread_rwlock_t* l, const timespec* until) {
    thread* const me = controlled();
    return me == nullptr ? real_timedrdlock(l, until)
                         : read_lock(*me, l, HEDDLE_RETURN_ADDRESS, virtual_deadline(CLOCK_REALTIME, *until));
}

HEDDLE_INTERPOSED int pthread_rwlock_clockrdlock(pthread_rwlock_t* l, clockid_t clock,
                                                 const timespec* until) {
    thread* const me = controlled();
    return me == nullptr ? real_clockrdlock(l, clock, until)
                         : read_lock(*me, l, HEDDLE_RETURN_ADDRESS, virtual_deadline(clock, *until));
}

HEDDLE_INTERPOSED int pthread_rwlock_wrlock(pthread_rwlock_t* l) {
    thread* const me = controlled();
    return me == nullptr ? real_wrlock(l) : write_lock(*me, l, HEDDLE_RETURN_ADDRESS, never);
}

HEDDLE_INTERPOSED int pthread_rwlock_timedwrlock(pthread_rwlock_t* l, const timespec* until) {
    thread* const me = controlled();
    return me == nullptr
               ? real_timedwrlock(l, until)
               : write_lock(*me, l, HEDDLE_RETURN_ADDRESS, virtual_deadline(CLOCK_REALTIME, *until));
}

HEDDLE_INTERPOSED int pthread_rwlock_clockwrlock(pthread_rwlock_t* l, clockid_t clock,
                                                 const timespec* until) {
    thread* const me = controlled();
    return me == nullptr ? real_clockwrlock(l, clock, until)
                         : write_lock(*me, l, HEDDLE_RETURN_ADDRESS, virtual_deadline(clock, *until));
}

HEDDLE_INTERPOSED int pthread_rwlock_tryrdlock(pthread_rwlock_t* l) {
    thread* const me = controlled();
    if (me == nullptr) return real_tryrdlock(l);
    object& o = object_at(l);
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::read_trylock, .address = l, .pc = pc, .on = &o});
    if (o.owner != nullptr) return EBUSY;
    ++o.count;
    acquire(*me, o);
    return 0;
}

HEDDLE_INTERPOSED int pthread_rwlock_trywrlock(pthread_rwlock_t* l) {
    thread* const me = controlled();
    if (me == nullptr) return real_trywrlock(l);
    object& o = object_at(l);
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::write_trylock, .address = l, .pc = pc, .on = &o});
    if (o.owner != nullptr || o.count > 0) return EBUSY;
    o.owner = me;
    acquire_alone(*me, o);
    return 0;
}

HEDDLE_INTERPOSED int pthread_rwlock_unlock(pthread_rwlock_t* l) {
    thread* const me = controlled();
    if (me == nullptr) return real_unlock(l);
    object& o = object_at(l);
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::rwlock_unlock, .address = l, .pc = pc, .on = &o});
    if (o.owner == nullptr && o.count == 0)
        fail(me, verdict::misuse, "a reader-writer lock is unlocked that is not locked");
    if (o.owner != nullptr && o.owner != me)
        fail(me, verdict::misuse, "a reader-writer lock is unlocked by a thread that does not hold it");
    if (o.owner != nullptr) {
        release(*me, o);
        o.owner = nullptr;
    } else {
        release_as_reader(*me, o);
        --o.count;
    }
    point_after_release(*me, l, pc);
    return 0;
}
