// SPDX-License-Identifier: BSL-1.0
// Only in builds with ThreadSanitizer. libstdc++ counts the references to an exception with atomic operations, but
// it is not instrumented, so the sanitizer does not see that the last to let go comes after everybody else, and
// reports the destructor of an exception that was passed between threads as a race. These wrappers put letting go
// under a lock that the sanitizer sees, which orders exactly what the count orders.

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
#include <dlfcn.h>
#include <pthread.h>
#include <exception>

namespace {

template <class Function> Function* real(const char* name) noexcept {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// Recursive, because an exception may hold another one.
pthread_mutex_t letting_go = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

// A forked child starts with the lock free: whoever held it is not there.
const int at_fork = ::pthread_atfork(nullptr, nullptr, [] { letting_go = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP; });

}  // namespace

// Declared in <bits/exception_ptr.h>, defined in libstdc++.
void std::__exception_ptr::exception_ptr::_M_release() noexcept {
    static const auto release = real<void(exception_ptr*)>("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
    ::pthread_mutex_lock(&letting_go);
    release(this);
    ::pthread_mutex_unlock(&letting_go);
}

extern "C" void __cxa_end_catch() {
    static const auto end_catch = real<void()>("__cxa_end_catch");
    ::pthread_mutex_lock(&letting_go);
    end_catch();
    ::pthread_mutex_unlock(&letting_go);
}

#endif
