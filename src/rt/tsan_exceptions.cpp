// SPDX-License-Identifier: BSL-1.0
// Only in builds with ThreadSanitizer. libstdc++ counts the references to an exception with atomic
// operations, but it is not instrumented, so the sanitizer does not see that the last to let go comes after
// everybody else, and reports the destructor of an exception that was passed between threads as a race. These
// wrappers tell it what the count guarantees: each decrement is a release and an acquire on the exception.
// They hide nothing that is not ordered by the count.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HEDDLE_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define HEDDLE_TSAN 1
#endif

#if defined(HEDDLE_TSAN)

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>
#include <cstring>
#include <exception>

namespace {

template <class Function> Function* real(const char* name) noexcept {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

// Declared in <bits/exception_ptr.h>, defined in libstdc++.
void std::__exception_ptr::exception_ptr::_M_release() noexcept {
    static const auto release =
        real<void(exception_ptr*)>("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
    void* object = nullptr;
    std::memcpy(&object, static_cast<const void*>(this), sizeof object);
    ::__tsan_release(object);
    ::__tsan_acquire(object);
    release(this);
}

extern "C" void __cxa_end_catch() {
    static const auto end_catch = real<void()>("__cxa_end_catch");
    { const std::exception_ptr caught = std::current_exception(); }  // its release is the one above
    end_catch();
}

#endif
