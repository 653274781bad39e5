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
    if (detail::the_thread.next != nullptr)
        *detail::the_thread.next = h;
    else
        resume(h);  // a coroutine type that is not heddle's awaits a task, and was resumed by its handle
}

#endif

}  // namespace heddle::inline v0::rt
