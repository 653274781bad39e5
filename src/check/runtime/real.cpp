// SPDX-License-Identifier: BSL-1.0
#include "real.hpp"

#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstring>

namespace heddle::inline v0::check::runtime {

namespace {

void* look_up(const char* name, const char* version) noexcept {
    return version != nullptr ? ::dlvsym(RTLD_NEXT, name, version) : ::dlsym(RTLD_NEXT, name);
}

// The section's bounds, from the linker.
extern "C" __attribute__((visibility("hidden"))) real_name __start_heddle_real[];
extern "C" __attribute__((visibility("hidden"))) real_name __stop_heddle_real[];

}  // namespace

void find_real_functions() noexcept {
    for (real_name* r = __start_heddle_real; r != __stop_heddle_real; ++r)
        if (r->found == nullptr) r->found = look_up(r->name, r->version);
}

void* next_definition(const char* name, const char* version) noexcept {
    void* const found = look_up(name, version);
    if (found != nullptr) return found;
    constexpr char text[] = "heddle check: libc has no function ";
    (void)!::write(2, text, sizeof text - 1);
    (void)!::write(2, name, std::strlen(name));
    (void)!::write(2, "\n", 1);
    ::_exit(127);
}

#if defined(__x86_64__)
long system_call(long number, long a, long b, long c, long d, long e, long f) noexcept {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
long system_call(long number, long a, long b, long c, long d, long e, long f) noexcept {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
#else
#error "heddle check: x86-64 and aarch64 only"
#endif

std::uint64_t real_now() noexcept {
    timespec t{};
    system_call(SYS_clock_gettime, CLOCK_MONOTONIC, reinterpret_cast<long>(&t));
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace heddle::inline v0::check::runtime
