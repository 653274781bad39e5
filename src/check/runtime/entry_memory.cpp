// SPDX-License-Identifier: BSL-1.0
// The functions that the compilers call for ordinary accesses under -fsanitize=thread, in place of libtsan's.

#include <cstring>
#include "instrumented.hpp"
#include "memory.hpp"

using namespace heddle::check;
using namespace heddle::check::runtime;

#define HEDDLE_ACCESSES(N)                                               \
    HEDDLE_INTERPOSED void __tsan_read##N(void* a) {                     \
        touch(a, N, false, HEDDLE_RETURN_ADDRESS);                       \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_write##N(void* a) {                    \
        touch(a, N, true, HEDDLE_RETURN_ADDRESS);                        \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_unaligned_read##N(void* a) {           \
        touch(a, N, false, HEDDLE_RETURN_ADDRESS);                       \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_unaligned_write##N(void* a) {          \
        touch(a, N, true, HEDDLE_RETURN_ADDRESS);                        \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_volatile_read##N(void* a) {            \
        touch(a, N, false, HEDDLE_RETURN_ADDRESS);                       \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_volatile_write##N(void* a) {           \
        touch(a, N, true, HEDDLE_RETURN_ADDRESS);                        \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_unaligned_volatile_read##N(void* a) {  \
        touch(a, N, false, HEDDLE_RETURN_ADDRESS);                       \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_unaligned_volatile_write##N(void* a) { \
        touch(a, N, true, HEDDLE_RETURN_ADDRESS);                        \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_read_write##N(void* a) {               \
        touch(a, N, false, HEDDLE_RETURN_ADDRESS);                       \
        touch(a, N, true, HEDDLE_RETURN_ADDRESS);                        \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_unaligned_read_write##N(void* a) {     \
        touch(a, N, false, HEDDLE_RETURN_ADDRESS);                       \
        touch(a, N, true, HEDDLE_RETURN_ADDRESS);                        \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_read##N##_pc(void* a, void* pc) {      \
        touch(a, N, false, pc);                                          \
    }                                                                    \
    HEDDLE_INTERPOSED void __tsan_write##N##_pc(void* a, void* pc) {     \
        touch(a, N, true, pc);                                           \
    }

HEDDLE_ACCESSES(1)
HEDDLE_ACCESSES(2)
HEDDLE_ACCESSES(4)
HEDDLE_ACCESSES(8)
HEDDLE_ACCESSES(16)

HEDDLE_INTERPOSED void __tsan_init() {
    note_instrumented(HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED void __tsan_read_range(void* a, unsigned long n) {
    touch_range(a, n, false, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED void __tsan_write_range(void* a, unsigned long n) {
    touch_range(a, n, true, HEDDLE_RETURN_ADDRESS);
}

// An object's table of virtual functions is set anew by each constructor and destructor; only another value
// is a write that others could see.
HEDDLE_INTERPOSED void __tsan_vptr_update(void** a, void* value) {
    if (*a != value) touch(a, sizeof *a, true, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED void __tsan_vptr_read(void** a) {
    touch(a, sizeof *a, false, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED void* __tsan_memcpy(void* to, const void* from, unsigned long n) {
    touch_range(from, n, false, HEDDLE_RETURN_ADDRESS);
    touch_range(to, n, true, HEDDLE_RETURN_ADDRESS);
    return std::memcpy(to, from, n);
}

HEDDLE_INTERPOSED void* __tsan_memmove(void* to, const void* from, unsigned long n) {
    touch_range(from, n, false, HEDDLE_RETURN_ADDRESS);
    touch_range(to, n, true, HEDDLE_RETURN_ADDRESS);
    return std::memmove(to, from, n);
}

HEDDLE_INTERPOSED void* __tsan_memset(void* to, int value, unsigned long n) {
    touch_range(to, n, true, HEDDLE_RETURN_ADDRESS);
    return std::memset(to, value, n);
}

HEDDLE_INTERPOSED void __tsan_func_entry(void* caller) {
    thread* const me = current_thread;
    if (me == nullptr) return;
    execution& e = *me->running;
    if (e.depth < max_calls) e.calls[e.depth] = caller;
    ++e.depth;
}

HEDDLE_INTERPOSED void __tsan_func_exit() {
    if (thread* const me = current_thread; me != nullptr && me->running->depth > 0) --me->running->depth;
}

HEDDLE_INTERPOSED void __tsan_ignore_thread_begin() {}
HEDDLE_INTERPOSED void __tsan_ignore_thread_end() {}
