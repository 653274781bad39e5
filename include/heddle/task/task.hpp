// SPDX-License-Identifier: BSL-1.0
#pragma once

// A coroutine that computes a T: lazy (it starts when awaited) and structured (who awaits it owns it, and it
// is over when the await is). For work that mostly waits; start one with heddle::run(), several with gather()
// or spawn(). For work that keeps a CPU busy submit a function to a thread_pool and await its future.

#include <coroutine>
#include <exception>
#include <heddle/rt/coroutine.hpp>
#include <heddle/rt/error.hpp>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace heddle::inline v0 {

template <class T> class task;

namespace detail {

class task_promise_base {
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
        if (error_) std::rethrow_exception(std::move(error_));
    }

 private:
    std::coroutine_handle<> continuation_;
    std::exception_ptr error_;
};

template <class T> class task_promise final : public task_promise_base {
 public:
    task<T> get_return_object() noexcept;
    template <class U = T>
    requires std::is_convertible_v<U&&, T>
    void return_value(U&& value) { value_.emplace(std::forward<U>(value)); }
    T result() {
        rethrow();
        return std::move(*value_);
    }

 private:
    std::optional<T> value_;
};

template <> class task_promise<void> final : public task_promise_base {
 public:
    task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void result() { rethrow(); }
};

}  // namespace detail

/// A coroutine not yet awaited. `co_await std::move(t)` runs it and gives its result, or throws what it
/// threw.
///
/// A task that was made empty, moved from, awaited or spawned holds nothing; to await or spawn it again is
/// invalid_state. A task that goes away without being awaited never runs. Its parameters are copied or moved
/// into the frame, but a lambda's captures are not: they live in the lambda, which has to outlive the task.
template <class T = void>
class [[nodiscard("a task runs when it is awaited, spawned or passed to run()")]] task {
    static_assert(!std::is_reference_v<T>, "a task gives a value: return a pointer in place of a reference");

 public:
    using promise_type = detail::task_promise<T>;
    using value_type = T;

    task() noexcept = default;
    task(task && other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            if (handle_) handle_.destroy();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~task() {
        if (handle_) handle_.destroy();
    }

    /// Whether there is a coroutine to await.
    bool valid() const noexcept {
        return static_cast<bool>(handle_);
    }

    class awaiter {
     public:
        explicit awaiter(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
        awaiter(const awaiter&) = delete;
        awaiter& operator=(const awaiter&) = delete;
        ~awaiter() { handle_.destroy(); }

        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
            handle_.promise().continue_with(awaiting);
            return rt::transfer(handle_);
        }
        T await_resume() { return handle_.promise().result(); }

     private:
        std::coroutine_handle<promise_type> handle_;
    };

    /// Runs the coroutine until it is done. May be awaited once. Throws: what it threw; invalid_state if
    /// there is none.
    awaiter operator co_await()&& {
        if (!handle_) [[unlikely]]
            detail::throw_empty("task");
        return awaiter(std::exchange(handle_, nullptr));
    }

 private:
    friend promise_type;
    explicit task(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}

    std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T> task<T> task_promise<T>::get_return_object() noexcept {
    return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}

inline task<void> task_promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

}  // namespace detail
}  // namespace heddle::inline v0
