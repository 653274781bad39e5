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

/// What every real_function is, whatever its signature.
struct real_name {
    const char* name;
    const char* version;
    void* found;
};

/// A function of libc, looked up when it is first called: the runtime's constructors may run late.
template <class Signature> class real_function;
template <class R, class... A> class real_function<R(A...)> {
 public:
    constexpr explicit real_function(const char* name, const char* version = nullptr) noexcept
        : entry_{name, version, nullptr} {}

    R operator()(A... arguments) noexcept(false) { return find()(arguments...); }

 private:
    using pointer = R (*)(A...);
    pointer find() noexcept {
        // Found by several threads at once it is found twice, the same each time: relaxed.
        void* f = __atomic_load_n(&entry_.found, __ATOMIC_RELAXED);
        if (f == nullptr) {
            f = next_definition(entry_.name, entry_.version);
            __atomic_store_n(&entry_.found, f, __ATOMIC_RELAXED);
        }
        return reinterpret_cast<pointer>(f);
    }

    real_name entry_;
};

/// Looks up every function that is declared HEDDLE_REAL, so that not each forked copy does it again. What
/// libc does not have is left until somebody calls it.
void find_real_functions() noexcept;

/// The system call itself, past everything that is interposed.
long system_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                 long f = 0) noexcept;

/// The real monotonic time in nanoseconds, for limits on waiting for the outside world.
std::uint64_t real_now() noexcept;

}  // namespace heddle::inline v0::check::runtime

// How a real_function is declared: among all the others, one right after the other. Without an alignment of
// its own the compiler leaves gaps.
#define HEDDLE_REAL [[gnu::section("heddle_real"), gnu::aligned(8)]] constinit
