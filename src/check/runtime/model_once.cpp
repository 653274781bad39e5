// SPDX-License-Identifier: BSL-1.0
// pthread_once, and the guards of function-local statics: both run the program's code once while others wait.

#include "detector.hpp"
#include "model_mutex.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(pthread_once_t*, void (*)())> real_once("pthread_once");
HEDDLE_REAL real_function<int(char*)> real_guard_acquire("__cxa_guard_acquire");
HEDDLE_REAL real_function<void(char*)> real_guard_release("__cxa_guard_release");
HEDDLE_REAL real_function<void(char*)> real_guard_abort("__cxa_guard_abort");

// While somebody runs the initialisation it is the owner.
bool nobody_runs_it(const thread& t) noexcept {
    return t.pending.on->owner == nullptr;
}

// Done is what libc and libstdc++ take for done, so that it stays so after the schedule, and was so before.
constexpr pthread_once_t once_done = 2;

bool is_done(const pthread_once_t* once) noexcept {
    return __atomic_load_n(once, __ATOMIC_ACQUIRE) == once_done;
}

void enter(thread& me, object& o, const void* address, const void* pc) noexcept {
    take_turn(me,
              {.what = action::once_enter, .address = address, .pc = pc, .on = &o, .ready = &nobody_runs_it});
    o.owner = &me;
    acquire(me, o);
}

void leave(thread& me, object& o, const void* address, const void* pc) noexcept {
    release(me, o);
    o.owner = nullptr;
    point_after_release(me, address, pc);
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int pthread_once(pthread_once_t* once, void (*initialise)()) {
    thread* const me = controlled();
    if (me == nullptr) return real_once(once, initialise);
    object& o = object_at(once);
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    enter(*me, o, once, pc);
    if (is_done(once)) {
        o.owner = nullptr;
        return 0;
    }
    // If it throws, the next one tries, after what was done here; std::call_once relies on it.
    struct abandon {
        thread& me;
        object* o;
        ~abandon() {
            if (o == nullptr) return;
            release(me, *o);
            o->owner = nullptr;
        }
    } on_exception{*me, &o};
    initialise();
    on_exception.o = nullptr;
    __atomic_store_n(once, once_done, __ATOMIC_RELEASE);
    leave(*me, o, once, pc);
    return 0;
}

HEDDLE_INTERPOSED int __cxa_guard_acquire(char* guard) {
    thread* const me = controlled();
    if (me == nullptr) return real_guard_acquire(guard);
    object& o = object_at(guard);
    enter(*me, o, guard, HEDDLE_RETURN_ADDRESS);
    if (__atomic_load_n(guard, __ATOMIC_ACQUIRE) == 0) return 1;
    o.owner = nullptr;
    return 0;
}

HEDDLE_INTERPOSED void __cxa_guard_release(char* guard) {
    thread* const me = controlled();
    if (me == nullptr) return real_guard_release(guard);
    __atomic_store_n(guard, char{1}, __ATOMIC_RELEASE);
    leave(*me, object_at(guard), guard, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED void __cxa_guard_abort(char* guard) {
    thread* const me = controlled();
    if (me == nullptr) return real_guard_abort(guard);
    leave(*me, object_at(guard), guard, HEDDLE_RETURN_ADDRESS);
}
