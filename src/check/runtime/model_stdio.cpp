// SPDX-License-Identifier: BSL-1.0
// The lock of a FILE. libc's own functions take it without asking anybody: while a program holds it, no other
// thread may run, because it could block where the engine does not see it.

#include <stdio.h>
#include "engine.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<void(FILE*)> real_lock("flockfile");
HEDDLE_REAL real_function<int(FILE*)> real_trylock("ftrylockfile");
HEDDLE_REAL real_function<void(FILE*)> real_unlock("funlockfile");

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED void flockfile(FILE* f) {
    real_lock(f);
    if (thread* const me = controlled()) ++me->undivided;
}

HEDDLE_INTERPOSED int ftrylockfile(FILE* f) {
    const int error = real_trylock(f);
    if (thread* const me = controlled(); me != nullptr && error == 0) ++me->undivided;
    return error;
}

HEDDLE_INTERPOSED void funlockfile(FILE* f) {
    real_unlock(f);
    if (thread* const me = controlled(); me != nullptr && me->undivided > 0) --me->undivided;
}
