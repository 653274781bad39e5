// SPDX-License-Identifier: BSL-1.0
// pthread mutexes of all types, and spinlocks.

#include "model_mutex.hpp"
#include <errno.h>
#include "clocks.hpp"
#include "detector.hpp"
#include "failure.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(pthread_mutex_t*)> real_lock("pthread_mutex_lock");
HEDDLE_REAL real_function<int(pthread_mutex_t*)> real_trylock("pthread_mutex_trylock");
HEDDLE_REAL real_function<int(pthread_mutex_t*, const timespec*)> real_timedlock("pthread_mutex_timedlock");
HEDDLE_REAL real_function<int(pthread_mutex_t*, clockid_t, const timespec*)> real_clocklock(
    "pthread_mutex_clocklock");
HEDDLE_REAL real_function<int(pthread_mutex_t*)> real_unlock("pthread_mutex_unlock");
HEDDLE_REAL real_function<int(pthread_mutex_t*)> real_destroy("pthread_mutex_destroy");
HEDDLE_REAL real_function<int(pthread_mutex_t*, const pthread_mutexattr_t*)> real_init("pthread_mutex_init");
HEDDLE_REAL real_function<int(pthread_spinlock_t*)> real_spin_lock("pthread_spin_lock");
HEDDLE_REAL real_function<int(pthread_spinlock_t*)> real_spin_trylock("pthread_spin_trylock");
HEDDLE_REAL real_function<int(pthread_spinlock_t*)> real_spin_unlock("pthread_spin_unlock");

constexpr int spinlock_kind = -1;

int kind_of(pthread_mutex_t* m) noexcept {
    constexpr int type = 3;
    return m->__data.__kind & type;
}

void note_kind(pthread_mutex_t* m) noexcept {
    constexpr int priority_inheritance = 32;
    constexpr int process_shared = 128;
    if ((m->__data.__kind & priority_inheritance) != 0) object_at(m).inherits = true;
    if ((m->__data.__kind & process_shared) != 0)
        engine.shared->outcome.unmodelled |= unmodelled_shared_object;
}

int lock(thread& me, const void* m, int kind, const void* pc, std::uint64_t deadline) noexcept {
    object& o = object_at(m);
    if (o.owner == &me) {
        if (kind == PTHREAD_MUTEX_RECURSIVE) {
            ++o.count;
            return 0;
        }
        if (kind == PTHREAD_MUTEX_ERRORCHECK) return EDEADLK;
        if (deadline == never) {
            me.pending = {.what = action::mutex_lock, .address = m, .pc = pc, .on = &o};
            fail(&me, verdict::misuse,
                 kind == spinlock_kind ? "a spinlock is locked twice by the same thread"
                                       : "a mutex is locked twice by the same thread");
        }
    }
    if (take_turn(me, {.what = action::mutex_lock,
                       .address = m,
                       .pc = pc,
                       .on = &o,
                       .ready = &mutex_is_free,
                       .deadline = deadline}) == turn::timed_out)
        return ETIMEDOUT;
    own_mutex(me, o, 1);
    return 0;
}

int trylock(thread& me, const void* m, int kind, const void* pc) noexcept {
    take_turn(me, {.what = action::mutex_trylock, .address = m, .pc = pc, .on = &object_at(m)});
    object& o = object_at(m);
    if (o.owner == &me && kind == PTHREAD_MUTEX_RECURSIVE) {
        ++o.count;
        return 0;
    }
    if (o.owner != nullptr) return EBUSY;
    own_mutex(me, o, 1);
    return 0;
}

int unlock(thread& me, const void* m, int kind, const void* pc) noexcept {
    object& o = object_at(m);
    if (o.owner == &me && o.count > 1) {
        --o.count;
        return 0;
    }
    take_turn(me, {.what = action::mutex_unlock, .address = m, .pc = pc, .on = &o});
    if (o.owner != &me) {
        if (kind == PTHREAD_MUTEX_ERRORCHECK || kind == PTHREAD_MUTEX_RECURSIVE) return EPERM;
        // A spinlock has no owner: it may be unlocked by another.
        if (kind != spinlock_kind || o.owner == nullptr)
            fail(&me, verdict::misuse,
                 o.owner == nullptr ? "a mutex is unlocked that is not locked"
                                    : "a mutex is unlocked by a thread that has not locked it");
    }
    disown_mutex(me, o);
    point_after_release(me, m, pc);
    return 0;
}

}  // namespace

int lock_mutex(thread& me, pthread_mutex_t* m, const void* pc, std::uint64_t deadline) noexcept {
    note_kind(m);
    return lock(me, m, kind_of(m), pc, deadline);
}

int try_lock_mutex(thread& me, pthread_mutex_t* m, const void* pc) noexcept {
    return trylock(me, m, kind_of(m), pc);
}

int unlock_mutex(thread& me, pthread_mutex_t* m, const void* pc) noexcept {
    return unlock(me, m, kind_of(m), pc);
}

bool mutex_is_free(const thread& t) noexcept {
    return t.pending.on->owner == nullptr;
}

void own_mutex(thread& me, object& o, std::uint32_t count) noexcept {
    o.owner = &me;
    o.count = count;
    acquire(me, o);
}

std::uint32_t disown_mutex(thread& me, object& o) noexcept {
    const std::uint32_t count = o.count;
    release(me, o);
    o.owner = nullptr;
    o.count = 0;
    return count;
}

void point_after_release(thread& me, const void* address, const void* pc) noexcept {
    if (flag(order_release_points))
        take_turn(me, {.what = action::none, .writes = false, .address = address, .pc = pc});
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int pthread_mutex_init(pthread_mutex_t* m, const pthread_mutexattr_t* attributes) {
    if (controlled() != nullptr) forget_object(m);
    return real_init(m, attributes);
}

HEDDLE_INTERPOSED int pthread_mutex_lock(pthread_mutex_t* m) {
    thread* const me = controlled();
    if (me == nullptr) return real_lock(m);
    return lock_mutex(*me, m, HEDDLE_RETURN_ADDRESS, never);
}

HEDDLE_INTERPOSED int pthread_mutex_trylock(pthread_mutex_t* m) {
    thread* const me = controlled();
    if (me == nullptr) return real_trylock(m);
    return try_lock_mutex(*me, m, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int pthread_mutex_timedlock(pthread_mutex_t* m, const timespec* until) {
    thread* const me = controlled();
    if (me == nullptr) return real_timedlock(m, until);
    return lock_mutex(*me, m, HEDDLE_RETURN_ADDRESS, virtual_deadline(CLOCK_REALTIME, *until));
}

HEDDLE_INTERPOSED int pthread_mutex_clocklock(pthread_mutex_t* m, clockid_t clock, const timespec* until) {
    thread* const me = controlled();
    if (me == nullptr) return real_clocklock(m, clock, until);
    return lock_mutex(*me, m, HEDDLE_RETURN_ADDRESS, virtual_deadline(clock, *until));
}

HEDDLE_INTERPOSED int pthread_mutex_unlock(pthread_mutex_t* m) {
    thread* const me = controlled();
    if (me == nullptr) return real_unlock(m);
    return unlock_mutex(*me, m, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int pthread_mutex_destroy(pthread_mutex_t* m) {
    thread* const me = controlled();
    if (me == nullptr) return real_destroy(m);
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::mutex_destroy, .address = m, .pc = pc});
    if (const object* const o = find_object(m); o != nullptr && o->owner != nullptr)
        fail(me, verdict::misuse, "a mutex is destroyed while it is locked");
    forget_object(m);
    return 0;
}

HEDDLE_INTERPOSED int pthread_spin_lock(pthread_spinlock_t* s) {
    thread* const me = controlled();
    if (me == nullptr) return real_spin_lock(s);
    return lock(*me, const_cast<const int*>(s), spinlock_kind, HEDDLE_RETURN_ADDRESS, never);
}

HEDDLE_INTERPOSED int pthread_spin_trylock(pthread_spinlock_t* s) {
    thread* const me = controlled();
    if (me == nullptr) return real_spin_trylock(s);
    return trylock(*me, const_cast<const int*>(s), spinlock_kind, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int pthread_spin_unlock(pthread_spinlock_t* s) {
    thread* const me = controlled();
    if (me == nullptr) return real_spin_unlock(s);
    return unlock(*me, const_cast<const int*>(s), spinlock_kind, HEDDLE_RETURN_ADDRESS);
}
