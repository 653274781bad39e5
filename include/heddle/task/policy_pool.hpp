// SPDX-License-Identifier: BSL-1.0
#pragma once

// An executor whose ready queue is a scheduling policy: to run for real what was simulated, or to give some
// work precedence by a rule of your own. One queue under one lock, so for tasks of many microseconds; for
// small ones, and where any order will do, thread_pool.
//
// Cooperative: a task that runs is not interrupted. When its slice is over, or another is to displace it, it
// lets go at its next this_task::check() or this_task::yield(), or when it waits.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <heddle/policy/any_policy.hpp>
#include <heddle/policy/policy.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/task/executor.hpp>
#include <heddle/task/map_result.hpp>
#include <heddle/task/posted.hpp>
#include <heddle/task/side_by_side.hpp>
#include <heddle/task/task.hpp>
#include <heddle/task/work.hpp>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

namespace detail {
class policy_engine;
}

/// How a policy_pool is set up.
struct policy_pool_options {
    unsigned workers = 1;                 ///< how many threads; 0 means rt::cpu_count()
    std::string name = "policy";          ///< threads are called NAME-0, NAME-1 …
    std::function<void()> initializer{};  ///< run once by each worker first; if it throws the pool is broken
    std::size_t stack_size = std::size_t{1} << 20;  ///< address space for the stack of a task, in bytes
    std::size_t capacity =
        0;                ///< how many tasks may wait to be started; submit() waits for room. 0: no limit
    bool record = false;  ///< keep what trace() gives
};

/// Something that happened in a policy_pool.
struct schedule_event {
    enum class kind {
        arrive,  ///< a task became ready: it is new, or what it waited for has come
        start,   ///< a worker went on with it
        stop,    ///< it let go of the worker
        leave,   ///< it is gone
    };
    kind what{};
    rt::clock::time_point when{};
    std::uint64_t task = 0;        ///< 1 for the first that was submitted, and so on
    unsigned worker = 0;           ///< of start and stop
    policy::stop_reason reason{};  ///< of stop
};

namespace detail {

/// What does not depend on the policy's type.
class HEDDLE_API policy_pool_base {
 public:
    policy_pool_base(const policy_pool_base&) = delete;
    policy_pool_base& operator=(const policy_pool_base&) = delete;

    /// Refuses further work and runs, or withdraws, what has not begun. May be called again.
    /// Blocks: the current task until the workers have ended, if `wait`. Throws: invalid_state if a task of
    /// this pool asks to wait.
    void shutdown(shutdown_options options = {});
    /// As shutdown() that does not wait. @return whether all has ended.
    bool try_shutdown(shutdown_options options = {});
    /// As shutdown(), for at most `d`. @return whether all has ended.
    template <class Rep, class Period>
    bool shutdown_for(std::chrono::duration<Rep, Period> d, shutdown_options options = {}) {
        return shutdown_until(rt::deadline::after(d), options);
    }
    /// As shutdown(), until `until`. @return whether all has ended.
    bool shutdown_until(rt::deadline until, shutdown_options options = {});
    /// As shutdown(), for a coroutine, which is suspended until the workers have ended; begins when it is
    /// awaited. A point of cancellation: the pool goes on ending then.
    task<void> async_shutdown(shutdown_options options = {});
    /// The same, until `until`; gives whether all has ended.
    task<bool> async_shutdown(rt::deadline until, shutdown_options options = {});

    /// How many workers it was given.
    unsigned workers() const noexcept;
    /// What has happened, in order; nothing unless policy_pool_options::record. Complexity: a copy.
    std::vector<schedule_event> trace() const;

 protected:
    policy_pool_base(policy::any_policy rule, policy_pool_options options);
    ~policy_pool_base();
    void enqueue(work& w, const task_options& how);
    bool try_enqueue(work& w);

    /// While one lives no task is picked.
    class HEDDLE_API pause {
     public:
        explicit pause(policy_pool_base& pool);
        ~pause();
        pause(const pause&) = delete;
        pause& operator=(const pause&) = delete;

     private:
        policy_engine& engine_;
    };

 private:
    std::unique_ptr<policy_engine> engine_;
};

}  // namespace detail

/// An executor that runs its tasks in the order of a policy. A task is told to the policy with what its
/// task_options say: priority, weight, burst, due, period. Its wait ends its turn; that it can go on is its
/// arrival. It is joined at scope exit, after everything submitted has run.
///
/// Thread-safety: all members from any thread, also from tasks of the pool, but for the destructor and a
/// waiting shutdown(), which a task of the same pool must not call. The policy is called under a lock.
template <policy::scheduling_policy P>
    requires std::same_as<typename P::id_type, std::uint64_t>
class policy_pool : public detail::policy_pool_base {
 public:
    /// Throws: std::system_error if a thread cannot be started; those already started are joined.
    explicit policy_pool(P rule, policy_pool_options options = {})
        : policy_pool_base(policy::any_policy(std::move(rule)), std::move(options)) {}
    /// shutdown(). Blocks: the current task.
    ~policy_pool() = default;

    /// Runs `f(args...)` when the policy chooses it; callable and arguments are copied or moved into the
    /// task. Waits for room if the pool has a capacity, and only then is a point of cancellation. Throws:
    /// shutdown_error after shutdown(); broken_pool if an initializer threw. A stack that cannot be had fails
    /// the task, with std::system_error. Complexity: as the policy's arrive(); some allocations.
    template <class F, class... Args> auto submit(F&& f, Args&&... args) {
        return submit_with({}, std::forward<F>(f), std::forward<Args>(args)...);
    }
    /// As submit(), and tells the policy what `how` says of the task.
    template <class F, class... Args> auto submit_with(task_options how, F&& f, Args&&... args) {
        auto made = detail::make_work(std::forward<F>(f), std::forward<Args>(args)...);
        this->enqueue(*made.task, how);
        return std::move(made.future);
    }
    /// As submit(), but nothing if the pool has a capacity and there is no room; `f` and `args` are gone
    /// then. Throws: as submit().
    template <class F, class... Args> auto try_submit(F&& f, Args&&... args) {
        auto made = detail::make_work(std::forward<F>(f), std::forward<Args>(args)...);
        std::optional<decltype(made.future)> given;
        if (this->try_enqueue(*made.task)) given = std::move(made.future);
        return given;
    }
    /// As submit(), for work whose result nobody wants; what it throws goes to the exception hook.
    template <class F, class... Args> void post(F&& f, Args&&... args) {
        this->enqueue(*detail::make_posted(std::forward<F>(f), std::forward<Args>(args)...), {});
    }
    /// Calls `f`; the policy chooses among all that is submitted meanwhile, where a worker that is free would
    /// otherwise begin with the first. Other tasks that run go on, and none is picked. Throws: what `f`
    /// throws.
    template <class F> decltype(auto) together(F&& f) {
        const pause held(*this);
        return std::forward<F>(f)();
    }
    /// Submits `f(item)` for every item and gives the results in the order of the items, as thread_pool.
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
    /// As map(), for items that are tuples: `f` is called with their elements.
    template <class F, class Range> auto map_apply(F f, Range&& items, const map_options& options = {}) {
        return map(detail::applied<F>{std::move(f)}, std::forward<Range>(items), options);
    }
    /// As map(), but the results come as they finish: a range of futures, each of them done.
    template <class F, class Range> auto map_unordered(F f, Range&& items, const map_options& options = {}) {
        return map(std::move(f), std::forward<Range>(items), options).as_completed();
    }

 private:
    friend struct detail::executor_access;
    using policy_pool_base::enqueue;
    void enqueue(detail::work& w) { policy_pool_base::enqueue(w, {}); }
};

}  // namespace heddle::inline v0
