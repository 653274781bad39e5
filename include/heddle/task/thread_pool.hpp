// SPDX-License-Identifier: BSL-1.0
#pragma once

// A fixed number of worker threads that run submitted tasks in the order of submission. For work that keeps a
// CPU busy, or that blocks in calls which know nothing of heddle. For many tasks that mostly wait use
// coroutines on an event_loop; for work that may crash, or that needs memory of its own, process_pool.

#include <functional>
#include <heddle/rt/config.hpp>
#include <heddle/task/executor.hpp>
#include <heddle/task/map_result.hpp>
#include <heddle/task/work.hpp>
#include <memory>
#include <string>
#include <utility>

namespace heddle::inline v0 {

/// How a thread_pool is set up.
struct thread_pool_options {
    unsigned workers = 0;                 ///< how many threads; 0 means rt::cpu_count()
    std::string name = "pool";            ///< threads are called NAME-0, NAME-1 …
    std::function<void()> initializer{};  ///< run once by each worker first; if it throws the pool is broken
};

/// An executor of worker threads. It is joined at scope exit, after everything submitted has run.
///
/// Thread-safety: all members from any thread, also from tasks of the pool, but for the destructor and a
/// waiting shutdown(), which a task of the same pool must not call.
class HEDDLE_API thread_pool {
 public:
    /// So many workers; 0 means rt::cpu_count(). Throws: as below.
    explicit thread_pool(unsigned workers = 0) : thread_pool(thread_pool_options{.workers = workers}) {}
    /// @throws std::system_error if a thread cannot be started; those already started are joined.
    explicit thread_pool(thread_pool_options options);
    /// shutdown({.wait = true}). Blocks: the calling thread.
    ~thread_pool();
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;

    /// Runs `f(args...)` on a worker; callable and arguments are copied or moved into the task.
    /// Throws: shutdown_error after shutdown(); broken_pool if an initializer threw. Complexity: one
    /// allocation.
    template <class F, class... Args> auto submit(F&& f, Args&&... args) {
        auto made = detail::make_work(std::forward<F>(f), std::forward<Args>(args)...);
        enqueue(*made.task);
        return std::move(made.future);
    }

    /// As submit(), for work whose result nobody wants; what it throws goes to the exception hook.
    template <class F, class... Args> void post(F&& f, Args&&... args) {
        submit(std::forward<F>(f), std::forward<Args>(args)...);
    }

    /// Submits `f(item)` for every item at once and gives the results in the order of the items. Each task
    /// has its own copy of `f`, and its item, moved out of a container that is an rvalue, otherwise copied.
    /// Throws: as submit().
    template <class F, class Range> auto map(F f, Range&& items, const map_options& options = {}) {
        return detail::map_by_submit(*this, f, std::forward<Range>(items), options);
    }

    /// Refuses further work and runs, or withdraws, what is pending. May be called again.
    /// Blocks: the calling thread until the workers have ended, if `wait`. Throws: invalid_state if a task of
    /// this pool asks to wait.
    void shutdown(shutdown_options options = {});

    /// How many workers it was given.
    unsigned workers() const noexcept;

 private:
    class state;
    void enqueue(detail::work& w);

    std::unique_ptr<state> state_;
};

}  // namespace heddle::inline v0
