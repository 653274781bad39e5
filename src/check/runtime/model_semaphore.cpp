// SPDX-License-Identifier: BSL-1.0
// POSIX semaphores. The model keeps its count in the semaphore itself, as libc does, so that one that was
// made before the schedule began is known.

#include <errno.h>
#include <semaphore.h>
#include "cancellation.hpp"
#include "clocks.hpp"
#include "detector.hpp"
#include "failure.hpp"
#include "model_mutex.hpp"
#include "model_signal.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(sem_t*)> real_wait("sem_wait");
HEDDLE_REAL real_function<int(sem_t*)> real_trywait("sem_trywait");
HEDDLE_REAL real_function<int(sem_t*, const timespec*)> real_timedwait("sem_timedwait");
HEDDLE_REAL real_function<int(sem_t*, clockid_t, const timespec*)> real_clockwait("sem_clockwait");
HEDDLE_REAL real_function<int(sem_t*)> real_post("sem_post");
HEDDLE_REAL real_function<int(sem_t*)> real_destroy("sem_destroy");

// glibc: the low half of the first 64-bit word is the count, the high half the number of waiters, which the
// model does not use.
std::uint32_t& count_of(const void* s) noexcept {
    return *static_cast<std::uint32_t*>(const_cast<void*>(s));
}

bool has_permit(const thread& t) noexcept {
    return count_of(t.pending.address) > 0;
}

int wait(thread& me, sem_t* s, const void* pc, std::uint64_t deadline) noexcept(false) {
    object& o = object_at(s);
    leave_if_cancelled(me);
    begin_interruptible(me, pc);
    const turn t = take_turn(me, {.what = action::semaphore_wait,
                                  .cancellable = true,
                                  .interrupted_by_signals = interruption::unless_restarted,
                                  .address = s,
                                  .pc = pc,
                                  .on = &o,
                                  .ready = &has_permit,
                                  .deadline = deadline});
    leave_if_cancelled(me);
    if (t != turn::granted) {
        errno = t == turn::timed_out ? ETIMEDOUT : EINTR;
        return -1;
    }
    --count_of(s);
    acquire(me, o);
    return 0;
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int sem_wait(sem_t* s) {
    thread* const me = controlled();
    return me == nullptr ? real_wait(s) : wait(*me, s, HEDDLE_RETURN_ADDRESS, never);
}

HEDDLE_INTERPOSED int sem_timedwait(sem_t* s, const timespec* until) {
    thread* const me = controlled();
    return me == nullptr ? real_timedwait(s, until)
                         : wait(*me, s, HEDDLE_RETURN_ADDRESS, virtual_deadline(CLOCK_REALTIME, *until));
}

HEDDLE_INTERPOSED int sem_clockwait(sem_t* s, clockid_t clock, const timespec* until) {
    thread* const me = controlled();
    return me == nullptr ? real_clockwait(s, clock, until)
                         : wait(*me, s, HEDDLE_RETURN_ADDRESS, virtual_deadline(clock, *until));
}

HEDDLE_INTERPOSED int sem_trywait(sem_t* s) {
    thread* const me = controlled();
    if (me == nullptr) return real_trywait(s);
    object& o = object_at(s);
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::semaphore_trywait, .address = s, .pc = pc, .on = &o});
    if (count_of(s) == 0) {
        errno = EAGAIN;
        return -1;
    }
    --count_of(s);
    acquire(*me, o);
    return 0;
}

HEDDLE_INTERPOSED int sem_post(sem_t* s) {
    thread* const me = controlled();
    if (me == nullptr) return real_post(s);
    object& o = object_at(s);
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::semaphore_post, .address = s, .pc = pc, .on = &o});
    release(*me, o);
    ++count_of(s);
    point_after_release(*me, s, pc);
    return 0;
}

HEDDLE_INTERPOSED int sem_destroy(sem_t* s) {
    thread* const me = controlled();
    if (me != nullptr)
        for_each_thread([&](const thread& t) {
            if (t.pending.what == action::semaphore_wait && t.pending.address == s && &t != me)
                fail(me, verdict::misuse, "a semaphore is destroyed while a thread waits at it");
        });
    return real_destroy(s);
}
