// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/coroutine.hpp>

#include <gtest/gtest.h>
#include <coroutine>
#include <exception>
#include <string>

namespace {

// Starts when it is awaited or resumed, and goes back to whoever awaited it.
struct lazy {
    struct promise_type {
        lazy get_return_object() { return lazy{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        struct back {
            bool await_ready() const noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) const noexcept {
                return heddle::rt::transfer(h.promise().next);
            }
            void await_resume() const noexcept {}
        };
        back final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
        std::coroutine_handle<> next = std::noop_coroutine();
    };
    explicit lazy(std::coroutine_handle<promise_type> h) : handle(h) {}
    lazy(const lazy&) = delete;
    lazy& operator=(const lazy&) = delete;
    ~lazy() { handle.destroy(); }
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) {
        handle.promise().next = h;
        return heddle::rt::transfer(handle);
    }
    void await_resume() const noexcept {}
    std::coroutine_handle<promise_type> handle;
};

lazy append(std::string& trace, char c) {
    trace += c;
    co_return;
}

}  // namespace

TEST(resume, runs_what_a_coroutine_transfers_to) {
    std::string trace;
    const auto outer = [&]() -> lazy {
        trace += '1';
        co_await append(trace, '2');
        trace += '3';
        co_await append(trace, '4');
    };
    const lazy main = outer();
    heddle::rt::resume(main.handle);
    EXPECT_EQ(trace, "1234");
    EXPECT_TRUE(main.handle.done());
}

TEST(resume, may_be_called_inside_itself) {
    std::string trace;
    const auto inner = [&]() -> lazy { co_await append(trace, 'b'); };
    const auto outer = [&]() -> lazy {
        trace += 'a';
        const lazy other = inner();
        heddle::rt::resume(other.handle);
        trace += 'c';
        co_await append(trace, 'd');
    };
    const lazy main = outer();
    heddle::rt::resume(main.handle);
    EXPECT_EQ(trace, "abcd");
}

TEST(resume, does_not_grow_the_stack_over_a_million_transfers) {
    const auto loop = [](int n, int& count) -> lazy {
        std::string nothing;
        for (int i = 0; i < n; ++i) {
            co_await append(nothing, 'x');
            ++count;
        }
    };
    int count = 0;
    const lazy main = loop(1'000'000, count);
    heddle::rt::resume(main.handle);
    EXPECT_EQ(count, 1'000'000);
}

TEST(resume, is_not_needed_by_one_who_resumes_by_the_handle) {
    // A coroutine type of somebody else's knows nothing of heddle's resume().
    std::string trace;
    const auto outer = [&]() -> lazy {
        trace += '1';
        co_await append(trace, '2');
        trace += '3';
    };
    const lazy main = outer();
    main.handle.resume();
    EXPECT_EQ(trace, "123");
}

namespace {

// Runs when it is called, so inside another that runs.
struct called {
    struct promise_type {
        called get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }
    };
};

}  // namespace

TEST(resume, goes_on_with_what_a_coroutine_awaits_that_was_called_by_another) {
    std::string trace;
    const auto inner = [&]() -> called {
        co_await append(trace, 'a');
        trace += 'b';
    };
    const auto outer = [&]() -> lazy {
        inner();
        co_await append(trace, '1');
        trace += '2';
    };
    const lazy main = outer();
    heddle::rt::resume(main.handle);
    EXPECT_EQ(trace, "ab12");
}
