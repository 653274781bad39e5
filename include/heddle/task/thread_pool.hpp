// SPDX-License-Identifier: BSL-1.0
#pragma once

// A fixed number of worker threads that run submitted tasks. For work that keeps a CPU busy, and for tasks in
// the style of ordinary code that wait for each other. For very many tasks that mostly wait, coroutines on an
// event_loop need less memory; for work that may crash, or that needs memory of its own, process_pool.
//
// Tasks run on fibers: one that waits, for a future, a lock, a queue, a moment, leaves its worker to the
// others. So a task may go on on another thread after a wait, and must not carry across one what belongs to
// its thread: a std::mutex that it holds, the address of a thread_local, errno, pthread_self(). The option
// `migrate`, `pinned` and `blocking()` are for code that cannot keep to that.

#include <cstddef>
#include <cstdint>
#include <functional>
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

namespace heddle::inline v0 {

namespace detail {
class pool_engine;
}

/// How a thread_pool is set up.
struct thread_pool_options {
    unsigned workers = 0;                 ///< how many threads; 0 means rt::cpu_count()
    std::string name = "pool";            ///< threads are called NAME-0, NAME-1 …
    std::function<void()> initializer{};  ///< run once by each worker first; if it throws the pool is broken
    std::size_t stack_size = std::size_t{1} << 20;  ///< address space for the stack of a task, in bytes
    bool migrate = true;                            ///< false: a task goes on on the worker on which it began
    std::size_t capacity =
        0;  ///< how many tasks may wait to be started; submit() waits for room. 0: no limit
};

/// What a pool has done so far, and has to do; from moments that may differ a little.
///
/// Of what was done, `steals` to `wakes` say how often workers had to do with each other: for forks, and for
/// tasks that tasks submit, they do so on no other occasion. They are counted where that happens, and cost
/// nothing where it does not.
struct thread_pool_stats {
    std::uint64_t tasks = 0;       ///< ended; a fork counts if another worker has taken it
    std::uint64_t steals = 0;      ///< taken from another worker
    std::uint64_t asks = 0;        ///< how often a worker that had nothing to do asked another one for forks
    std::uint64_t promotions = 0;  ///< forks that were put where other workers can take them
    std::uint64_t sleeps = 0;      ///< how often a worker had nothing to do
    std::uint64_t wakes = 0;       ///< how often one that slept was woken, for work or to keep the time
    std::size_t pending = 0;       ///< not started
    std::size_t running = 0;       ///< started and not ended, also those that wait
};

/// An executor of worker threads. It is joined at scope exit, after everything submitted has run.
///
/// Order: what is submitted from outside is started in that order, within a priority. What a task of the pool
/// submits is started by its own worker, the newest first, or by others, the oldest first.
///
/// Thread-safety: all members from any thread, also from tasks of the pool, but for the destructor and a
/// waiting shutdown(), which a task of the same pool must not call.
class HEDDLE_API thread_pool {
 public:
    /// So many workers; 0 means rt::cpu_count(). Throws: as below.
    explicit thread_pool(unsigned workers = 0) : thread_pool(thread_pool_options{.workers = workers}) {}
    /// @throws std::system_error if a thread cannot be started; those already started are joined.
    explicit thread_pool(thread_pool_options options);
    /// shutdown({.wait = true}). Blocks: the current task.
    ~thread_pool();
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;

    /// Runs `f(args...)` on a worker; callable and arguments are copied or moved into the task. Waits for
    /// room if the pool has a capacity, and only then is a point of cancellation.
    /// Throws: shutdown_error after shutdown(); broken_pool if an initializer threw. A stack that cannot be
    /// had fails the task, with std::system_error. Complexity: one allocation, from a list of the thread's
    /// own.
    template <class F, class... Args> auto submit(F&& f, Args&&... args) {
        auto made = detail::make_work(std::forward<F>(f), std::forward<Args>(args)...);
        enqueue(*made.task);
        return std::move(made.future);
    }

    /// As submit(), with a name for the task, and a priority: one with a higher priority is started before
    /// all others, one below 0 when there is nothing else. Throws: as submit().
    template <class F, class... Args> auto submit_with(task_options how, F&& f, Args&&... args) {
        auto made = detail::make_work(std::forward<F>(f), std::forward<Args>(args)...);
        enqueue(*made.task, std::move(how));
        return std::move(made.future);
    }

    /// As submit(), but nothing if the pool has a capacity and there is no room; `f` and `args` are gone
    /// then. Throws: as submit().
    template <class F, class... Args> auto try_submit(F&& f, Args&&... args) {
        auto made = detail::make_work(std::forward<F>(f), std::forward<Args>(args)...);
        std::optional<decltype(made.future)> given;
        if (try_enqueue(*made.task)) given = std::move(made.future);
        return given;
    }

    /// As submit(), for work whose result nobody wants; what it throws goes to the exception hook.
    template <class F, class... Args> void post(F&& f, Args&&... args) {
        enqueue(*detail::make_posted(std::forward<F>(f), std::forward<Args>(args)...));
    }

    /// Submits `f(item)` for every item and gives the results in the order of the items. Each task has its
    /// own copy of `f`, and its item, moved out of a container that is an rvalue, otherwise copied. All are
    /// submitted at once, unless `options.in_flight` says how many. Throws: as submit().
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

    /// Refuses further work and runs, or withdraws, what is pending. May be called again. A task that waits
    /// for something is waited for.
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
    /// What it has done and has to do. Complexity: looks at all workers.
    thread_pool_stats stats() const;
    /// The pool whose task calls, null if none.
    static thread_pool* current() noexcept;

 private:
    friend struct detail::executor_access;
    void enqueue(detail::work& w);
    void enqueue(detail::work& w, task_options&& how);
    bool try_enqueue(detail::work& w);

    std::unique_ptr<detail::pool_engine> engine_;
};

}  // namespace heddle::inline v0
