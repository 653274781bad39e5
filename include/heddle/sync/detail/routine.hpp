// SPDX-License-Identifier: BSL-1.0
#pragma once

// A coroutine of this layer's own: what the async_ calls are that take several waits and code of the user's
// in between. It starts when awaited, is over when the await is, and costs one allocation.

#include <coroutine>
#include <exception>
#include <heddle/rt/coroutine.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace heddle::inline v0::detail {

template <class T> class routine;

class routine_promise_base {
 public:
    std::suspend_always initial_suspend() const noexcept { return {}; }
    struct back_to_awaiter {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) const noexcept {
            return rt::transfer(h.promise().continuation_);
        }
        void await_resume() const noexcept {}
    };
    back_to_awaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { error_ = std::current_exception(); }
    void continue_with(std::coroutine_handle<> h) noexcept { continuation_ = h; }

 protected:
    void rethrow() {
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    }

 private:
    std::coroutine_handle<> continuation_;
    std::exception_ptr error_;
};

template <class T> class routine_promise final : public routine_promise_base {
 public:
    routine<T> get_return_object() noexcept;
    template <class U> void return_value(U&& value) { value_.emplace(std::forward<U>(value)); }
    T result() {
        rethrow();
        return std::move(*value_);
    }

 private:
    std::optional<T> value_;
};

template <> class routine_promise<void> final : public routine_promise_base {
 public:
    routine<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void result() { rethrow(); }
};

/// The coroutine, to be awaited once, in the full expression that made it.
template <class T> class [[nodiscard("co_await it")]] routine {
 public:
    using promise_type = routine_promise<T>;

    explicit routine(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    routine(const routine&) = delete;
    routine& operator=(const routine&) = delete;
    ~routine() {
        handle_.destroy();
    }

    bool await_ready() const noexcept {
        return false;
    }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        handle_.promise().continue_with(awaiting);
        return rt::transfer(handle_);
    }
    T await_resume() {
        return handle_.promise().result();
    }

 private:
    std::coroutine_handle<promise_type> handle_;
};

template <class T> routine<T> routine_promise<T>::get_return_object() noexcept {
    return routine<T>(std::coroutine_handle<routine_promise>::from_promise(*this));
}

inline routine<void> routine_promise<void>::get_return_object() noexcept {
    return routine<void>(std::coroutine_handle<routine_promise>::from_promise(*this));
}

/// What can be awaited.
template <class T>
concept can_be_awaited = requires(T t) {
    t.await_ready();
}
|| requires(T&& t) {
    std::forward<T>(t).operator co_await();
}
|| requires(T&& t) {
    operator co_await(std::forward<T>(t));
};

}  // namespace heddle::inline v0::detail
