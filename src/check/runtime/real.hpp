// SPDX-License-Identifier: BSL-1.0
#pragma once

// The functions of libc behind those that the runtime defines: for what is not controlled, and for the few
// things that the model leaves to libc (making and joining kernel threads).

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <threads.h>
#include <time.h>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace heddle::inline v0::check::runtime {

/// The definition of `name` that comes after the runtime's own; of version `version` if one is given. Ends
/// the process with a message if there is none.
void* next_definition(const char* name, const char* version = nullptr) noexcept;

/// A function of libc, looked up when it is first called: the runtime's constructors may run late.
template <class Signature> class real_function;
template <class R, class... A> class real_function<R(A...)> {
 public:
    constexpr explicit real_function(const char* name, const char* version = nullptr) noexcept
        : name_(name),
          version_(version) {}

    R operator()(A... arguments) noexcept(false) { return find()(arguments...); }

 private:
    using pointer = R (*)(A...);
    pointer find() noexcept {
        // Found by several threads at once it is found twice, the same each time: relaxed.
        pointer f = __atomic_load_n(&found_, __ATOMIC_RELAXED);
        if (f == nullptr) {
            f = reinterpret_cast<pointer>(next_definition(name_, version_));
            __atomic_store_n(&found_, f, __ATOMIC_RELAXED);
        }
        return f;
    }

    const char* name_;
    const char* version_;
    pointer found_ = nullptr;
};

/// The system call itself, past everything that is interposed.
long system_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                 long f = 0) noexcept;

/// The real monotonic time in nanoseconds, for limits on waiting for the outside world.
std::uint64_t real_now() noexcept;

}  // namespace heddle::inline v0::check::runtime
