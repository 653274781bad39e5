// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/coroutine.hpp>
#include <utility>

namespace heddle::inline v0::rt {

#if defined(__clang__)

void resume(std::coroutine_handle<> h) noexcept {
    h.resume();
}

#else

namespace {
constinit thread_local std::coroutine_handle<>* next_slot = nullptr;
}

void resume(std::coroutine_handle<> h) noexcept {
    std::coroutine_handle<> next = nullptr;
    std::coroutine_handle<>* const outer = std::exchange(next_slot, &next);
    do {
        h.resume();
        h = std::exchange(next, nullptr);
    } while (h);
    next_slot = outer;
}

void resume_next(std::coroutine_handle<> h) noexcept {
    if (next_slot != nullptr)
        *next_slot = h;
    else
        resume(h);  // a coroutine type that is not heddle's awaits a task, and was resumed by its handle
}

#endif

}  // namespace heddle::inline v0::rt
