// SPDX-License-Identifier: BSL-1.0
#pragma once

// Divide and conquer: parts of a computation that may run at the same time, and a result when all are done.
// A part that nobody takes costs a few nanoseconds, so small parts are fine. For loops take parallel.hpp; for
// tasks that are to be named, withdrawn or waited for apart, submit() or a task_group.

#include <exception>
#include <heddle/task/fork_context.hpp>
#include <heddle/task/thread_pool.hpp>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace heddle::inline v0 {

namespace detail {

template <class F>
using part_value =
    std::conditional_t<std::is_void_v<std::invoke_result_t<F>>, std::monostate, std::invoke_result_t<F>>;

/// Calls `f`; std::monostate for void.
template <class F> part_value<F> call_part(F& f) {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
        std::forward<F>(f)();
        return {};
    } else {
        return std::forward<F>(f)();
    }
}

/// The second part, where a thief finds it.
template <class G> class part_frame {
    using callee = std::remove_reference_t<G>;
    // A thief gets a copy of a small closure: then the caller keeps what it has captured in registers.
    static constexpr bool copied =
        std::is_trivially_copyable_v<callee> && sizeof(callee) <= 64 && std::is_invocable_v<const callee&>;
    using value = part_value<G>;
    static_assert(!std::is_reference_v<value>, "return a pointer or a copy in place of a reference");

 public:
    explicit part_frame(callee& g) noexcept : part_(refer_to(g)) {}
    ~part_frame() {}
    part_frame(const part_frame&) = delete;
    part_frame& operator=(const part_frame&) = delete;

    static bool run(void* self) noexcept {
        auto& f = *static_cast<part_frame*>(self);
        try {
            if constexpr (copied)
                ::new (&f.result_) value(call_part<const callee&>(f.part_));
            else
                ::new (&f.result_) value(call_part<G>(static_cast<G&>(*f.part_)));
            return false;
        } catch (...) {
            ::new (&f.error_) std::exception_ptr(std::current_exception());
            return true;
        }
    }

    // Each once, and only if a thief has run it.
    value take_result() noexcept(std::is_nothrow_move_constructible_v<value>) {
        struct end {
            value& of;
            ~end() { of.~value(); }
        } const at_end{result_};
        return std::move(result_);
    }
    void drop_error() noexcept { error_.~exception_ptr(); }
    [[noreturn, gnu::cold]] void rethrow() {
        const std::exception_ptr e = std::move(error_);
        drop_error();
        std::rethrow_exception(e);
    }

    /// How long the first parts of such a join have taken; see fork_context.
    static inline constinit fork_pace pace;

 private:
    static auto refer_to(callee& g) noexcept {
        if constexpr (copied)
            return callee(g);
        else
            return &g;
    }

    std::conditional_t<copied, const callee, callee*> part_;
    // Made only when it is needed: to initialise it would be a tenth of a fork.
    union {
        value result_;
        std::exception_ptr error_;
    };
};

// Always inline, as join() is: a compiler goes by the size of the function, half of which is for parts that
// were stolen or have thrown, and with a call, and closures in memory, a fork costs twice as much.
template <class F, class G>
[[gnu::always_inline]] inline std::tuple<part_value<F>, part_value<G>> join_two(F&& f, G&& g) {
    fork_context* const forks = fork_context::current();
    part_frame<G> second(g);
    fork_slot* const slot =
        forks != nullptr ? forks->fork(&part_frame<G>::run, &second, part_frame<G>::pace) : nullptr;
    if (slot == nullptr) {
        auto a = call_part<F>(f);
        return {std::move(a), call_part<G>(g)};
    }
    const auto first = [&]() -> part_value<F> {
        try {
            return call_part<F>(f);
        } catch (...) {
            // Before anything is unwound, because the second part may refer to it.
            switch (forks->abandon(slot)) {
                case part_end::failed:
                    second.rethrow();
                case part_end::stopped:
                    second.drop_error();
                    break;
                case part_end::done:
                    (void)second.take_result();
                    break;
                case part_end::not_begun:
                    break;
            }
            throw;
        }
    };
    auto a = first();
    // Asked for again, and not kept over the call: it is the same, and to save it would cost more.
    const auto end = fork_context::current()->join(slot);
    if (end == part_end::not_begun) [[likely]]
        return {std::move(a), call_part<G>(g)};
    if (end != part_end::done) second.rethrow();
    return {std::move(a), second.take_result()};
}

/// Calls `f` on `pool` and waits until it is over, whatever happens to the caller meanwhile.
template <class F> auto call_on(thread_pool& pool, F& f) -> std::invoke_result_t<F&> {
    auto result = pool.submit([&f]() -> std::invoke_result_t<F&> { return f(); });
    try {
        result.wait();
    } catch (...) {
        result.request_stop();
        future_access::state(result)->settle();
        throw;
    }
    return std::move(result).take();
}

}  // namespace detail

/// Calls `f` on the pool and waits for it, so that what it calls forks there; in place if the caller is a
/// task of that pool.
///
/// Blocks: the current task. Cancellation: a request is passed on to `f`, and it is waited for. Throws: what
/// `f` throws; as submit(); cancelled.
template <class F> auto run_on(thread_pool& pool, F&& f) -> std::invoke_result_t<F&> {
    return thread_pool::current() == &pool ? f() : detail::call_on(pool, f);
}

/// Calls all, the first here and the others perhaps on other workers of the pool of the calling task, and
/// gives their results, std::monostate for void. Outside a pool they are called one after the other.
///
/// A part that another worker has taken runs as a task of its own: it does not hold the locks of the caller,
/// and requests to stop the caller reach it. Parts may wait for each other only through what the first one
/// waits for: then the others are handed out.
///
/// Blocks: the current task, until all parts are over, also when one throws. Cancellation: a request is seen
/// when parts are forked; those that have not begun are left out. Throws: the exception that came first, the
/// other parts are asked to stop; cancelled. Complexity: no allocation.
template <class... F>
[[gnu::always_inline]] inline auto join(F&&... f) -> std::tuple<detail::part_value<F>...> {
    if constexpr (sizeof...(F) == 0) {
        return {};
    } else if constexpr (sizeof...(F) == 1) {
        return std::tuple<detail::part_value<F>...>(detail::call_part<F>(f)...);
    } else if constexpr (sizeof...(F) == 2) {
        return detail::join_two<F...>(std::forward<F>(f)...);
    } else {
        return [](auto&& first, auto&&... rest) {
            const auto others = [&] { return join(std::forward<decltype(rest)>(rest)...); };
            auto [a, b] = detail::join_two<decltype(first), decltype(others)&>(
                std::forward<decltype(first)>(first), others);
            return std::tuple_cat(std::make_tuple(std::move(a)), std::move(b));
        }(std::forward<F>(f)...);
    }
}

/// As join(), on the given pool. Throws: as run_on().
template <class... F> auto join(thread_pool& pool, F&&... f) {
    return run_on(pool, [&] { return join(std::forward<F>(f)...); });
}

}  // namespace heddle::inline v0
