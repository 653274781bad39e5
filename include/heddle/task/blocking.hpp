// SPDX-License-Identifier: BSL-1.0
#pragma once

// For calls that block the thread and know nothing of heddle: a lookup of a name, a driver of a database.

#include <exception>
#include <heddle/rt/config.hpp>
#include <heddle/rt/function_ref.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace heddle::inline v0 {

namespace detail {
/// Calls `f` on a thread of its own if the caller is a task on a fiber, and here otherwise. `f` does not
/// throw. @throws std::system_error if no thread can be started; `f` has not been called then.
HEDDLE_API void call_blocking(rt::function_ref<void()> f);
}  // namespace detail

/// Lends `f` a thread while the worker goes on with other tasks, and waits for it. It runs as the same task:
/// requests to stop reach it, and locks of heddle's that the task holds are its own. The threads are those of
/// the pool, as many as there are calls at the same time; one that has had nothing to do for a second ends.
/// Where there is no worker to free, in a thread, `f` is called in place; so it is in a coroutine of a loop,
/// which it holds up.
///
/// Blocks: the current task. Cancellation: none; what has begun is waited for. Throws: what `f` throws;
/// std::system_error if no thread can be started.
template <class F> auto blocking(F&& f) -> std::invoke_result_t<F> {
    using R = std::invoke_result_t<F>;
    std::exception_ptr error;
    if constexpr (std::is_void_v<R>) {
        const auto call = [&] {
            try {
                std::forward<F>(f)();
            } catch (...) {
                error = std::current_exception();
            }
        };
        detail::call_blocking(call);
        if (error) std::rethrow_exception(std::move(error));
    } else {
        static_assert(!std::is_reference_v<R>, "return a pointer or a copy in place of a reference");
        std::optional<R> result;
        const auto call = [&] {
            try {
                result.emplace(std::forward<F>(f)());
            } catch (...) {
                error = std::current_exception();
            }
        };
        detail::call_blocking(call);
        if (error) std::rethrow_exception(std::move(error));
        return std::move(*result);
    }
}

}  // namespace heddle::inline v0
