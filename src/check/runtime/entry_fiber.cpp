// SPDX-License-Identifier: BSL-1.0
// The annotations by which a program says that it switches stacks (sanitizer/tsan_interface.h). To the engine
// a fiber is part of the thread that runs it; to the race detector it is one of its own.

#include "arena.hpp"
#include "detector.hpp"
#include "engine.hpp"

using namespace heddle::check;
using namespace heddle::check::runtime;

namespace {
struct fiber {
    execution own;
    const void* calls[max_calls];
};

// Fibers that were destroyed: a program that makes many has few at a time.
alignas(page_size) constinit execution* freed[1024]{};
constinit unsigned n_freed = 0;
}  // namespace

HEDDLE_INTERPOSED void* __tsan_get_current_fiber() {
    thread* const me = controlled();
    return me != nullptr ? me->running : nullptr;
}

HEDDLE_INTERPOSED void* __tsan_create_fiber(unsigned) {
    thread* const me = controlled();
    if (me == nullptr) return nullptr;
    if (n_freed > 0) {
        // It goes on as the actor that it was: its clock only grows.
        execution* const e = freed[--n_freed];
        e->depth = 0;
        return e;
    }
    fiber& f = *static_cast<fiber*>(from_arena(sizeof(fiber)));
    execution* const e = &f.own;
    e->calls = f.calls;
    begin_execution(me, *e, me->number);
    return e;
}

HEDDLE_INTERPOSED void __tsan_destroy_fiber(void* fiber) {
    if (controlled() == nullptr || fiber == nullptr || n_freed == sizeof freed / sizeof freed[0]) return;
    freed[n_freed++] = static_cast<execution*>(fiber);
}

HEDDLE_INTERPOSED void __tsan_switch_to_fiber(void* fiber, unsigned flags) {
    constexpr unsigned no_sync = 1;
    thread* const me = controlled();
    if (me != nullptr && fiber != nullptr)
        switch_execution(*me, *static_cast<execution*>(fiber), (flags & no_sync) == 0);
}

HEDDLE_INTERPOSED void __tsan_set_fiber_name(void*, const char*) {}
