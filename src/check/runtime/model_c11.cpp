// SPDX-License-Identifier: BSL-1.0
// <threads.h>. In glibc its types are those of pthread under other names; its functions do not call pthread's
// by a name that could be replaced.

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <threads.h>
#include "clocks.hpp"
#include "model_condition.hpp"
#include "model_mutex.hpp"
#include "model_thread.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(thrd_t*, thrd_start_t, void*)> real_create("thrd_create");
HEDDLE_REAL real_function<int(thrd_t, int*)> real_join("thrd_join");
HEDDLE_REAL real_function<int(thrd_t)> real_detach("thrd_detach");
HEDDLE_REAL real_function<void(int)> real_exit("thrd_exit");
HEDDLE_REAL real_function<int(const timespec*, timespec*)> real_sleep("thrd_sleep");
HEDDLE_REAL real_function<void()> real_yield("thrd_yield");
HEDDLE_REAL real_function<int(mtx_t*)> real_lock("mtx_lock");
HEDDLE_REAL real_function<int(mtx_t*)> real_trylock("mtx_trylock");
HEDDLE_REAL real_function<int(mtx_t*, const timespec*)> real_timedlock("mtx_timedlock");
HEDDLE_REAL real_function<int(mtx_t*)> real_unlock("mtx_unlock");
HEDDLE_REAL real_function<void(mtx_t*)> real_mutex_destroy("mtx_destroy");
HEDDLE_REAL real_function<int(cnd_t*)> real_signal("cnd_signal");
HEDDLE_REAL real_function<int(cnd_t*)> real_broadcast("cnd_broadcast");
HEDDLE_REAL real_function<int(cnd_t*, mtx_t*)> real_wait("cnd_wait");
HEDDLE_REAL real_function<int(cnd_t*, mtx_t*, const timespec*)> real_timedwait("cnd_timedwait");
HEDDLE_REAL real_function<void(once_flag*, void (*)())> real_once("call_once");

pthread_mutex_t* of(mtx_t* m) noexcept {
    return reinterpret_cast<pthread_mutex_t*>(m);
}
pthread_cond_t* of(cnd_t* c) noexcept {
    return reinterpret_cast<pthread_cond_t*>(c);
}

int result(int error) noexcept {
    switch (error) {
        case 0:
            return thrd_success;
        case ENOMEM:
            return thrd_nomem;
        case ETIMEDOUT:
            return thrd_timedout;
        case EBUSY:
            return thrd_busy;
        default:
            return thrd_error;
    }
}

// The start routine is given as an argument: a thread of C11 returns an int.
struct start {
    thrd_start_t function;
    void* argument;
};

void* run(void* p) {
    const start s = *static_cast<start*>(p);
    ::free(p);
    return reinterpret_cast<void*>(static_cast<long>(s.function(s.argument)));
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int thrd_create(thrd_t* handle, thrd_start_t function, void* argument) {
    thread* const me = controlled();
    if (me == nullptr) return real_create(handle, function, argument);
    auto* const s = static_cast<runtime::start*>(::malloc(sizeof(runtime::start)));
    if (s == nullptr) return thrd_nomem;
    *s = {function, argument};
    return result(create_thread(*me, handle, nullptr, &run, s, HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int thrd_join(thrd_t handle, int* value) {
    thread* const me = controlled();
    if (me == nullptr) return real_join(handle, value);
    void* returned = nullptr;
    const int error = join_thread(*me, handle, &returned, HEDDLE_RETURN_ADDRESS, never);
    if (value != nullptr) *value = static_cast<int>(reinterpret_cast<long>(returned));
    return result(error);
}

HEDDLE_INTERPOSED int thrd_detach(thrd_t handle) {
    return controlled() == nullptr ? real_detach(handle) : result(::pthread_detach(handle));
}

HEDDLE_INTERPOSED void thrd_exit(int value) {
    if (controlled() == nullptr) real_exit(value);
    ::pthread_exit(reinterpret_cast<void*>(static_cast<long>(value)));
}

HEDDLE_INTERPOSED int thrd_sleep(const timespec* d, timespec* rest) {
    return controlled() == nullptr ? real_sleep(d, rest) : ::nanosleep(d, rest);
}

HEDDLE_INTERPOSED void thrd_yield() {
    if (controlled() == nullptr) return real_yield();
    ::sched_yield();
}

HEDDLE_INTERPOSED int mtx_lock(mtx_t* m) {
    thread* const me = controlled();
    return me == nullptr ? real_lock(m) : result(lock_mutex(*me, of(m), HEDDLE_RETURN_ADDRESS, never));
}

HEDDLE_INTERPOSED int mtx_trylock(mtx_t* m) {
    thread* const me = controlled();
    return me == nullptr ? real_trylock(m) : result(try_lock_mutex(*me, of(m), HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int mtx_timedlock(mtx_t* m, const timespec* until) {
    thread* const me = controlled();
    if (me == nullptr) return real_timedlock(m, until);
    return result(lock_mutex(*me, of(m), HEDDLE_RETURN_ADDRESS, virtual_deadline(CLOCK_REALTIME, *until)));
}

HEDDLE_INTERPOSED int mtx_unlock(mtx_t* m) {
    thread* const me = controlled();
    return me == nullptr ? real_unlock(m) : result(unlock_mutex(*me, of(m), HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED void mtx_destroy(mtx_t* m) {
    if (controlled() == nullptr) return real_mutex_destroy(m);
    ::pthread_mutex_destroy(of(m));
}

HEDDLE_INTERPOSED int cnd_signal(cnd_t* c) {
    thread* const me = controlled();
    return me == nullptr ? real_signal(c)
                         : result(signal_condition(*me, of(c), false, HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int cnd_broadcast(cnd_t* c) {
    thread* const me = controlled();
    return me == nullptr ? real_broadcast(c)
                         : result(signal_condition(*me, of(c), true, HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int cnd_wait(cnd_t* c, mtx_t* m) {
    thread* const me = controlled();
    return me == nullptr ? real_wait(c, m)
                         : result(wait_at_condition(*me, of(c), of(m), HEDDLE_RETURN_ADDRESS, never));
}

HEDDLE_INTERPOSED int cnd_timedwait(cnd_t* c, mtx_t* m, const timespec* until) {
    thread* const me = controlled();
    if (me == nullptr) return real_timedwait(c, m, until);
    return result(wait_at_condition(*me, of(c), of(m), HEDDLE_RETURN_ADDRESS,
                                    virtual_deadline(CLOCK_REALTIME, *until)));
}

HEDDLE_INTERPOSED void call_once(once_flag* once, void (*initialise)()) {
    if (controlled() == nullptr) return real_once(once, initialise);
    ::pthread_once(reinterpret_cast<pthread_once_t*>(once), initialise);
}
