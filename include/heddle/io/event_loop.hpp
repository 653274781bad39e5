// SPDX-License-Identifier: BSL-1.0
#pragma once

// One thread that runs coroutines, timers and sockets. heddle::run(main()) is all that most programs need;
// make an event_loop of your own to run several mains after each other or to hand it work from other threads.

#include <cstddef>
#include <functional>
#include <heddle/rt/config.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/rt/worker.hpp>
#include <heddle/task/executor.hpp>
#include <heddle/task/map_result.hpp>
#include <heddle/task/side_by_side.hpp>
#include <heddle/task/spawned.hpp>
#include <heddle/task/task.hpp>
#include <heddle/task/work.hpp>
#include <ranges>
#include <string>
#include <utility>

namespace heddle::inline v0 {

namespace detail {

template <class R> struct loop_result { using type = R; };
template <class T> struct loop_result<task<T>> { using type = T; };

/// A call as a coroutine, which owns the callable and its arguments as long as the coroutine that it gives
/// may run.
template <class R, class F, class... Args>
task<typename loop_result<R>::type> call_on_loop(F f, Args... args) {
    if constexpr (std::is_same_v<typename loop_result<R>::type, R>)
        co_return std::invoke(std::move(f), std::move(args)...);
    else
        co_return co_await std::invoke(f, std::move(args)...);
}

}  // namespace detail

/// A worker that runs coroutine tasks on the thread that calls run().
///
/// Thread-safety: all members but the destructor from any thread; one thread at a time runs it.
class HEDDLE_API event_loop : private detail::spawn_scope {
 public:
    /// `name` is named in errors.
    explicit event_loop(std::string name = "loop");
    /// Withdraws what has not been started; run() has left nothing else behind.
    ~event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    /// The loop that the calling thread runs, null if none.
    static event_loop* current() noexcept;

    /// Runs `main` to its end and gives its result. Tasks that it spawned and that are still alive are asked
    /// to stop, each once, and run to their end before this returns; so are the tasks that these spawn while
    /// they end: at once if the request has not reached the spawner yet, otherwise when those asked before
    /// have ended, so that clean-up may use tasks. Blocks: the calling thread. Throws: what `main` threw;
    /// invalid_state if this thread runs a loop or is a pool's already, another thread runs this loop, or
    /// `main` holds nothing; shutdown_error after shutdown().
    template <class T> T run(task<T> main) {
        const turn here(*this);
        future<T> result = spawn(std::move(main));
        run_until_done(*detail::future_access::state(result));
        return std::move(result).take();
    }

    /// Starts `t` on this loop; it runs once the loop does. The task is the loop's: dropping the future does
    /// not stop it. Throws: invalid_state if `t` holds nothing; shutdown_error after shutdown().
    template <class T> future<T> spawn(task<T> t) {
        if (!t.valid()) detail::throw_empty("task");
        auto* s = new detail::spawned_task<T>(std::move(t), *this);
        auto result = detail::future_access::make<T>(detail::state_ref<detail::result_state<T>>::share(s));
        try {
            start(*s);
        } catch (...) {
            s->give_up();
            throw;
        }
        return result;
    }

    /// Calls `f(args...)` on the loop, or runs the coroutine if that is what the call gives; as submit() of
    /// any executor. Throws: shutdown_error after shutdown().
    template <class F, class... Args> auto submit(F&& f, Args&&... args) {
        using R = typename detail::call_result<F, Args...>::type;
        return spawn(detail::call_on_loop<R>(std::decay_t<F>(std::forward<F>(f)),
                                             std::decay_t<Args>(std::forward<Args>(args))...));
    }

    /// As submit(), for work whose result nobody wants; what it throws goes to the exception hook.
    template <class F, class... Args> void post(F&& f, Args&&... args) {
        submit(std::forward<F>(f), std::forward<Args>(args)...);
    }

    /// Submits `f(item)` for every item at once and gives the results in the order of the items, which are
    /// moved out of a container that is an rvalue, otherwise copied. Throws: shutdown_error.
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

    /// Refuses further work. With `wait` it runs what is alive to its end here, or asks it to stop first with
    /// `cancel_pending`, unless the loop is running, on this thread or another: then run() does that. A loop
    /// that does not run cannot wait on a worker's thread, and leaves what is alive to its destructor.
    /// Blocks: the calling thread, if `wait`.
    void shutdown(shutdown_options options = {});

    /// Asks everything that is alive on this loop to stop: each task sees heddle::cancelled once.
    void request_stop() noexcept;

 private:
    /// The time for which the calling thread runs the loop. @throws invalid_state if it cannot.
    class HEDDLE_API turn {
     public:
        explicit turn(event_loop& loop);
        ~turn();
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;

     private:
        event_loop& loop_;
    };

    /// @throws shutdown_error
    void start(detail::spawned& s);
    void finished(detail::spawned& s) noexcept override;
    void run_until_done(const detail::future_state& main);
    void end_leftovers() noexcept;
    void ask(detail::spawned& s) noexcept;
    void drain() noexcept;

    rt::worker worker_;
    rt::word_lock lock_;
    detail::spawned* alive_ = nullptr;  // under lock_, newest first
    bool closed_ = false;               // under lock_
    bool running_ = false;              // under lock_
    bool ending_ = false;               // under lock_: main is over, what is alive is asked to stop
    std::size_t asked_ = 0;             // under lock_: how many of those alive were, because of that
};

/// Runs `main` on a loop of its own. See event_loop::run().
template <class T> T run(task<T> main) {
    event_loop loop;
    return loop.run(std::move(main));
}

/// Starts `t` on the loop of the calling coroutine. @throws invalid_state outside a loop, or if `t` holds
/// nothing.
template <class T> future<T> spawn(task<T> t) {
    event_loop* loop = event_loop::current();
    if (loop == nullptr)
        throw invalid_state("spawn() outside a loop: call it from a coroutine, or loop.spawn()");
    return loop->spawn(std::move(t));
}

}  // namespace heddle::inline v0
