// SPDX-License-Identifier: BSL-1.0
#pragma once

// What AddressSanitizer, LeakSanitizer and ThreadSanitizer have to be told when a thread changes stacks.
// Every function here is empty in a build without them.

#include <heddle/rt/fiber.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define HEDDLE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEDDLE_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define HEDDLE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HEDDLE_TSAN 1
#endif
#endif

#if defined(HEDDLE_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if defined(HEDDLE_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace heddle::inline v0::rt::detail {

/// A stack is about to be used: what its frames point to is not leaked.
inline void sanitizer_stack_in_use([[maybe_unused]] const fiber_stack& s) noexcept {
#if defined(HEDDLE_ASAN)
    __lsan_register_root_region(s.bottom(), s.size);
#endif
}

/// A stack is not used any more: the last frames on it never returned, so nobody has unmarked their red
/// zones.
inline void sanitizer_stack_left([[maybe_unused]] const fiber_stack& s) noexcept {
#if defined(HEDDLE_ASAN)
    __lsan_unregister_root_region(s.bottom(), s.size);
    __asan_unpoison_memory_region(s.bottom(), s.size);
#endif
}

/// A new context, null without ThreadSanitizer.
inline void* sanitizer_create_fiber([[maybe_unused]] const char* name) noexcept {
#if defined(HEDDLE_TSAN)
    void* const f = __tsan_create_fiber(0);
    __tsan_set_fiber_name(f, name);
    return f;
#else
    return nullptr;
#endif
}

/// The end of a context that nobody is in.
inline void sanitizer_destroy_fiber([[maybe_unused]] void* fiber) noexcept {
#if defined(HEDDLE_TSAN)
    __tsan_destroy_fiber(fiber);
#endif
}

/// The context of the caller, null without ThreadSanitizer.
inline void* sanitizer_this_fiber() noexcept {
#if defined(HEDDLE_TSAN)
    return __tsan_get_current_fiber();
#else
    return nullptr;
#endif
}

/// The last thing before a switch to the stack [low, low + size) and the context `fiber`. `frames` is where
/// the caller's heap frames are remembered, null if the caller will never go on. Always inlined:
/// ThreadSanitizer counts calls and returns per context, and a call of this function would be counted in one
/// and its return in the other.
[[gnu::always_inline]] inline void sanitizer_leave([[maybe_unused]] void** frames,
                                                   [[maybe_unused]] const void* low,
                                                   [[maybe_unused]] std::size_t size,
                                                   [[maybe_unused]] void* fiber) noexcept {
#if defined(HEDDLE_ASAN)
    __sanitizer_start_switch_fiber(frames, low, size);
#endif
#if defined(HEDDLE_TSAN)
    __tsan_switch_to_fiber(fiber,
                           0);  // 0: what came before the switch happens before what follows, which is so
#endif
}

/// The first thing after a switch: the frames remembered when it was left (null the first time), and where to
/// note the stack that was switched away from.
[[gnu::always_inline]] inline void sanitizer_arrive([[maybe_unused]] void* frames,
                                                    [[maybe_unused]] const void** low,
                                                    [[maybe_unused]] std::size_t* size) noexcept {
#if defined(HEDDLE_ASAN)
    __sanitizer_finish_switch_fiber(frames, low, size);
#endif
}

}  // namespace heddle::inline v0::rt::detail
