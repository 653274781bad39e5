// SPDX-License-Identifier: BSL-1.0
// Exceptions that several threads share (std::exception_ptr). The C++ library counts who still has one where
// the race detector does not see it; whoever lets go last destroys it, after everything that the others did
// with it. One order for all exceptions: it hides only races between threads that catch at the same time.

#include "detector.hpp"
#include "engine.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<void(void*)> real_release("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
HEDDLE_REAL real_function<void()> real_end_catch("__cxa_end_catch");
HEDDLE_REAL real_function<void(void*)> real_free("__cxa_free_exception");

constinit const char letting_go = 0;  // its address stands for all exceptions

void order() noexcept {
    if (thread* const me = controlled()) {
        object& all = object_at(&letting_go);
        acquire(*me, all);
        release(*me, all);
    }
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

// exception_ptr::_M_release()
HEDDLE_INTERPOSED void _ZNSt15__exception_ptr13exception_ptr10_M_releaseEv(void* self) noexcept {
    order();
    real_release(self);
}

HEDDLE_INTERPOSED void __cxa_end_catch() {
    order();
    real_end_catch();
}

HEDDLE_INTERPOSED void __cxa_free_exception(void* thrown) noexcept {
    thread* const me = current_thread;
    current_thread = nullptr;  // the heap is not to look at it
    real_free(thrown);
    current_thread = me;
}
