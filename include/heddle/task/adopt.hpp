// SPDX-License-Identifier: BSL-1.0
#pragma once

// Results that other libraries promise as a std::future, as a future of heddle's: to co_await them, to wait
// for several, to go on by then().

#include <chrono>
#include <exception>
#include <future>
#include <heddle/rt/config.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/promise.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace heddle::inline v0 {

namespace detail {

/// What a thread of its own does once.
class errand {
 public:
    virtual ~errand() = default;
    virtual void run() noexcept = 0;
};
/// Starts a thread that runs `e` and is waited for by nobody. @throws std::system_error
HEDDLE_API void run_on_its_own(std::unique_ptr<errand> e);

template <class T, class Foreign> void complete_from(promise<T>& p, Foreign& f) {
    if (!p.set_running()) return;  // withdrawn meanwhile
    try {
        if constexpr (std::is_void_v<T>) {
            f.get();
            p.set_value();
        } else {
            p.set_value(f.get());
        }
    } catch (...) {
        p.set_exception(std::current_exception());
    }
}

template <class T, class Foreign> future<T> adopt_any(Foreign f) {
    struct waiting final : errand {
        explicit waiting(Foreign&& given) : foreign(std::move(given)) {}
        void run() noexcept override {
            foreign.wait();  // before it counts as running: until then it can be withdrawn
            complete_from(result, foreign);
        }
        Foreign foreign;
        promise<T> result{};
    };
    if (!f.valid()) detail::throw_empty("std::future");
    const bool ready = f.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    auto made = std::make_unique<waiting>(std::move(f));
    auto result = made->result.get_future();
    if (ready)
        complete_from(made->result, made->foreign);
    else
        run_on_its_own(std::move(made));
    return result;
}

}  // namespace detail

/// The same result as a future of heddle's. A std::future can only be waited for by a thread, so one is
/// started for it, unless it is done; it also runs what std::async has deferred. cancel() withdraws the
/// result, not the work. Throws: invalid_state if `f` is empty; std::system_error if no thread can be
/// started, and then `f` is lost.
template <class T> future<T> adopt(std::future<T> f) {
    static_assert(!std::is_reference_v<T>, "a future has a value: a pointer in place of a reference");
    return detail::adopt_any<T>(std::move(f));
}
/// The same, of a copy of the result.
template <class T> future<T> adopt(std::shared_future<T> f) {
    static_assert(!std::is_reference_v<T>, "a future has a value: a pointer in place of a reference");
    return detail::adopt_any<T>(std::move(f));
}

}  // namespace heddle::inline v0
