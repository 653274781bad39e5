// SPDX-License-Identifier: BSL-1.0
#pragma once

// The executor that has no workers: submit() runs the call before it returns. For comparing against, for
// tests, and for code that takes any executor but should run in place.

#include <heddle/rt/error.hpp>
#include <heddle/task/executor.hpp>
#include <heddle/task/map_result.hpp>
#include <heddle/task/side_by_side.hpp>
#include <heddle/task/work.hpp>
#include <ranges>
#include <utility>

namespace heddle::inline v0 {

/// Runs every task in the calling thread, under the task's own identity. Thread-safety: one thread at a time.
class inline_executor {
 public:
    /// Calls `f(args...)` and gives its result as a finished future. Throws: shutdown_error after shutdown().
    template <class F, class... Args> auto submit(F&& f, Args&&... args) {
        if (closed_) throw shutdown_error("submit() on an inline_executor that has been shut down");
        auto made = detail::make_work(std::forward<F>(f), std::forward<Args>(args)...);
        made.task->run();
        return std::move(made.future);
    }

    /// As submit(), for work whose result nobody wants; what it throws goes to the exception hook.
    template <class F, class... Args> void post(F&& f, Args&&... args) {
        submit(std::forward<F>(f), std::forward<Args>(args)...);
    }

    /// Calls `f` with each item in turn, moved out of a container that is an rvalue, otherwise copied.
    /// Throws: shutdown_error.
    template <class F, class Range> auto map(F f, Range&& items, const map_options& options = {}) {
        return detail::map_by_submit(*this, f, std::forward<Range>(items), options);
    }
    /// As map(), of several ranges side by side, as far as the shortest goes: `f(a, b)` for an item of each.
    template <class F, std::ranges::input_range A, std::ranges::input_range B>
    auto map(F f, A&& a, B&& b, const map_options& options = {}) {
        return detail::map_side_by_side(*this, std::move(f), options, std::forward<A>(a), std::forward<B>(b));
    }
    template <class F, std::ranges::input_range A, std::ranges::input_range B, std::ranges::input_range C>
    auto map(F f, A&& a, B&& b, C&& c, const map_options& options = {}) {
        return detail::map_side_by_side(*this, std::move(f), options, std::forward<A>(a), std::forward<B>(b),
                                        std::forward<C>(c));
    }

    /// Refuses further work; nothing is ever pending.
    void shutdown(shutdown_options = {}) noexcept { closed_ = true; }

 private:
    friend struct detail::executor_access;
    void enqueue(detail::work& w) {
        if (closed_) {
            w.give_up();
            throw shutdown_error("a task for an inline_executor that has been shut down");
        }
        w.run();
    }

    bool closed_ = false;
};

}  // namespace heddle::inline v0
