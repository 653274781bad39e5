// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/coroutine.hpp>
#include <utility>
#include "process_wide.hpp"

namespace heddle::inline v0::rt {

#if defined(__clang__)

void resume(std::coroutine_handle<> h) noexcept {
    h.resume();
}

#else

void resume(std::coroutine_handle<> h) noexcept {
    std::coroutine_handle<> next = nullptr;
    std::coroutine_handle<>* const outer = std::exchange(detail::the_thread.next, &next);
    do {
        h.resume();
        h = std::exchange(next, nullptr);
    } while (h);
    detail::the_thread.next = outer;
}

void resume_next(std::coroutine_handle<> h) noexcept {
    std::coroutine_handle<>* const next = detail::the_thread.next;
    if (next == nullptr) {
        resume(h);  // a coroutine type that is not heddle's awaits a task, and was resumed by its handle
        return;
    }
    // Such a one was called by the coroutine that runs, which now suspends too: what it awaits goes first.
    if (const auto earlier = std::exchange(*next, nullptr)) [[unlikely]]
        resume(earlier);
    *next = h;
}

#endif

}  // namespace heddle::inline v0::rt
