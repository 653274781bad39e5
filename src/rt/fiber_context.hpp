// SPDX-License-Identifier: BSL-1.0
#pragma once

// The part of a fiber that depends on the processor: the switch (fiber_switch_*.S) and a stack made to look
// as if it had been switched away from.

#include <cstddef>
#include <cstdint>
#include <cstring>

extern "C" {
/// Saves the caller's context on its stack and its address in *save; goes on where `to` was saved.
void heddle_fiber_switch(void** save, void* to) noexcept;
/// Where a context made by make_context() goes on.
void heddle_fiber_start() noexcept;
}

namespace heddle::inline v0::rt::detail {

/// A context that calls `main(argument)` on the stack that ends at `top` (16-byte aligned); main must not
/// return.
template <class T> void* make_context(std::byte* top, void (*main)(T*) noexcept, T* argument) noexcept {
#if defined(__x86_64__)
    constexpr std::size_t words = 9;  // the seven of a context, and two of zero: the outermost frame
    constexpr std::size_t argument_at = 3, main_at = 2, start_at = 6;  // r12, r13, return address
#elif defined(__aarch64__)
    constexpr std::size_t words = 20;
    constexpr std::size_t argument_at = 0, main_at = 1, start_at = 11;  // x19, x20, x30
#else
#error "heddle: fibers are written for x86-64 and AArch64 only"
#endif
    std::uintptr_t context[words] = {};
    context[argument_at] = reinterpret_cast<std::uintptr_t>(argument);
    context[main_at] = reinterpret_cast<std::uintptr_t>(main);
    context[start_at] = reinterpret_cast<std::uintptr_t>(&heddle_fiber_start);
    top -= sizeof context;
    std::memcpy(top, context, sizeof context);
    return top;
}

}  // namespace heddle::inline v0::rt::detail
