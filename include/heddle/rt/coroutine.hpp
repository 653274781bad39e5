// SPDX-License-Identifier: BSL-1.0
#pragma once

// How coroutines are resumed, so that a chain of a million awaits needs no more stack than one. clang
// guarantees that a handle returned from await_suspend is a tail call in every build type; g++ does so only
// when it optimises. So under g++ the next handle is left with resume(), which runs them in a loop.

#include <coroutine>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

/// Runs `h` and whatever it transfers to, until one of them really suspends. Every resumption goes through
/// here.
HEDDLE_API void resume(std::coroutine_handle<> h) noexcept;

#if !defined(__clang__)
/// Leaves `h` to the innermost resume() of this thread.
HEDDLE_API void resume_next(std::coroutine_handle<> h) noexcept;
#endif

/// What await_suspend returns to continue with `h` in place of the coroutine that suspends.
inline std::coroutine_handle<> transfer(std::coroutine_handle<> h) noexcept {
#if defined(__clang__)
    return h;
#else
    resume_next(h);
    return std::noop_coroutine();
#endif
}

}  // namespace heddle::inline v0::rt
