// SPDX-License-Identifier: BSL-1.0
#pragma once

// Tasks that belong together: the first that fails asks the others to stop, the group is over when all are,
// and then that failure is thrown. Callables and coroutines may be in the same group. In a coroutine take
// with_task_group(), which is right also when an exception passes through it; for parts of one computation
// join() and parallel_for() cost less.

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/function_ref.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/rt/worker.hpp>
#include <heddle/task/executor.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/spawned.hpp>
#include <heddle/task/task.hpp>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/work.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

/// How a group behaves.
struct task_group_options {
    bool stop_on_failure = true;                           ///< false: the others go on
    std::function<void(std::exception_ptr)> on_failure{};  ///< told of every failure, also after the first
    std::string name{};                                    ///< for reports

    // Not an aggregate: g++ 12 copies one that is made of braces inside a co_await expression bit by bit.
    task_group_options() = default;
    explicit task_group_options(bool stop, std::function<void(std::exception_ptr)> told = {},
                                std::string n = {})
        : stop_on_failure(stop),
          on_failure(std::move(told)),
          name(std::move(n)) {}
};

class task_group;

namespace detail {

/// One child, in its group's list until it has ended.
class HEDDLE_API group_member final : public future_state::callback {
 public:
    group_member(task_group& group, future_state& state, bool counts) noexcept
        : group_(group),
          state_(state),
          counts_(counts) {}
    void call(future_state& state) override;

 private:
    friend class heddle::task_group;
    task_group& group_;
    future_state& state_;
    const bool counts_;  // its end is the child's; that of a coroutine is told by its driver
    group_member* next_member_ = nullptr;
    group_member* prev_member_ = nullptr;
};

}  // namespace detail

/// A group of tasks.
///
/// Thread-safety: spawn(), request_stop(), alive() and failures() from any thread, also from the children;
/// one task joins. Cancellation: join() is no point of it.
class HEDDLE_API task_group : private detail::spawn_scope {
 public:
    explicit task_group(task_group_options options = {}) : options_(std::move(options)) {}
    /// Callables run on `where`, which has to outlive the group.
    template <class E>
        requires requires(E& e, detail::work& w) { detail::executor_access::enqueue(e, w); }
    explicit task_group(E& where, task_group_options options = {})
        : options_(std::move(options)),
          enqueue_([&where](detail::work& w) { detail::executor_access::enqueue(where, w); }) {}
    /// Asks the children that are alive to stop, and waits for them, on a thread or in a task of a pool. In a
    /// coroutine it cannot wait, and ends the program with a message, because the children may refer to what
    /// is about to go.
    ~task_group();
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    /// Starts a coroutine on the worker that calls. Throws: invalid_state outside a worker, and after the
    /// join; the coroutine is gone then, unstarted.
    template <class T> future<T> spawn(task<T> t, std::string name = {}) {
        rt::worker* const here = rt::worker::current();
        admit(here == nullptr ? "outside a worker: call it from a coroutine" : nullptr);
        detail::spawned_task<T>* s = nullptr;
        std::optional<future<T>> result;
        try {
            s = new detail::spawned_task<T>(std::move(t), *this);
            s->context().set_name(std::move(name));
            result = detail::future_access::make<T>(detail::state_ref<detail::result_state<T>>::share(s));
            enter(*detail::future_access::state(*result), false);
        } catch (...) {
            if (s != nullptr) s->give_up();
            left();
            throw;
        }
        here->post(*s);
        return std::move(*result);
    }

    /// Runs `f(args...)` on the group's executor, or else on the pool of the task that calls. Throws: as
    /// submit() there; invalid_state after the join, or if there is no pool.
    template <class F, class... Args>
        requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
    auto spawn(F&& f, Args&&... args) {
        admit(nullptr);
        std::optional<decltype(detail::make_work(std::forward<F>(f), std::forward<Args>(args)...))> made;
        try {
            made.emplace(detail::make_work(std::forward<F>(f), std::forward<Args>(args)...));
            enter(*detail::future_access::state(made->future), true);
        } catch (...) {
            if (made) made->task->give_up();
            left();
            throw;
        }
        start(*made->task);  // if it is refused, the future is cancelled, and so the child has ended
        return std::move(made->future);
    }

    /// Asks all children to stop that are alive now.
    void request_stop() noexcept;
    /// How many have not ended.
    std::size_t alive() const noexcept { return word_.load(std::memory_order_acquire) & count_mask; }
    /// What failed so far, in order; not those that stopped because they were asked to.
    std::vector<std::exception_ptr> failures() const;

    /// Waits until all have ended; nothing can be spawned from the outside any more. Blocks: the current
    /// task. Throws: the failure that came first.
    void join() { join_until(rt::deadline::never()); }
    /// As join() if all have ended. @return whether they have
    bool try_join() { return join_until(rt::deadline(rt::clock::time_point{})); }
    /// As join(), for at most `d`. @return whether all have ended
    template <class Rep, class Period> bool join_for(std::chrono::duration<Rep, Period> d) {
        return join_until(rt::deadline::after(d));
    }
    /// As join(), until `until`. @return whether all have ended
    bool join_until(rt::deadline until);
    /// As join(), for a coroutine. Cancellation: a request is passed on to the children, all of them are
    /// waited for, and then `cancelled` is thrown; if a child failed by itself that is thrown, and the
    /// request is delivered at the next point.
    task<void> async_join();
    /// As async_join(), until `until`; gives whether all have ended. A request that was passed on and not
    /// thrown by then is delivered at the next point, so also by the next async_join().
    task<bool> async_join(rt::deadline until);

 private:
    friend class detail::group_member;
    friend class graph;

    static constexpr std::uint64_t closed_bit = std::uint64_t{1} << 63;
    static constexpr std::uint64_t waited_bit = std::uint64_t{1} << 62;
    static constexpr std::uint64_t count_mask = waited_bit - 1;

    /// Counts a child. @throws invalid_state
    void admit(const char* trouble);
    void enter(detail::future_state& state, bool counts);
    void start(detail::work& w);
    void ended(detail::group_member& m, detail::future_state& state) noexcept;
    void left() noexcept;
    void finished(detail::spawned& s) noexcept override;
    bool announce_waiter() noexcept;
    void throw_failure();
    void conclude(bool asked);
    /// As async_join(), where the caller can block; `asked()` is called before a request is passed on.
    void join_passing_on(rt::function_ref<void()> asked);
    /// async_join(), without a limit where `Result` is void.
    template <class Result> task<Result> join_awaited(rt::deadline until);

    task_group_options options_;
    std::function<void(detail::work&)> enqueue_;
    // How many are alive; whether the group is joined; whether somebody is parked. Who brings the count to
    // zero sees in the same step whether to wake, and does not touch the group afterwards.
    std::atomic<std::uint64_t> word_{0};
    mutable rt::word_lock lock_;  // guards the rest
    detail::group_member* members_ = nullptr;
    std::vector<std::exception_ptr> failures_;
};

/// Runs body(group), a coroutine, and joins the group: if the body throws, the children are asked to stop and
/// waited for first, and if a child fails the body is asked to stop. `body` is kept as long as the group, so
/// it may capture. Cancellation: a request reaches the body, and once that is over the children, as of
/// async_join(). Throws: the failure of a child that came first, otherwise what the body threw.
template <class Body> task<void> with_task_group(Body body, task_group_options options = {}) {
    rt::task_context& self = rt::current_task();
    // The body's request is taken back when it is over, because it was not one to this task.
    std::atomic<bool> asked{false};
    std::atomic<bool> in_body{true};
    rt::part_request request;
    rt::word_lock asking;
    auto told = std::move(options.on_failure);
    const bool stops = options.stop_on_failure;
    options.on_failure = [&](std::exception_ptr error) {
        if (stops) {
            std::lock_guard guard(asking);
            if (in_body.load(std::memory_order_relaxed) && !asked.exchange(true, std::memory_order_relaxed))
                request = self.request_stop_by_part();
        }
        if (told) told(std::move(error));
    };
    task_group group(std::move(options));
    std::exception_ptr failed;
    try {
        co_await body(group);
    } catch (...) {
        failed = std::current_exception();
    }
    {
        std::lock_guard guard(asking);
        in_body.store(false, std::memory_order_relaxed);
        if (asked.load(std::memory_order_relaxed)) self.withdraw_request(request);
    }
    if (failed) group.request_stop();
    co_await group.async_join();
    if (failed) std::rethrow_exception(failed);
}

}  // namespace heddle::inline v0
