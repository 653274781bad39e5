// SPDX-License-Identifier: BSL-1.0
#pragma once

// An executor of worker processes. For work that may crash or leak, that must not share memory, or that uses
// libraries which are not thread-safe. Everything passed and returned is copied through a socket; for work on
// large shared data use a thread_pool.

#include <sys/types.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <heddle/process/entry.hpp>
#include <heddle/process/remote_task.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/task/executor.hpp>
#include <heddle/task/map_result.hpp>
#include <heddle/task/side_by_side.hpp>
#include <iterator>
#include <memory>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

/// How worker processes come to be.
enum class start_method {
    forkserver,  ///< forked from a copy of this program that was started for that purpose and has one thread
    spawn,       ///< not available yet: each worker would be this program started anew
    fork,        ///< refused: this process has threads, and a fork of it would inherit their locks
};

/// How a process_pool is set up.
struct process_pool_options {
    unsigned workers = 0;              ///< how many processes; 0 means rt::cpu_count()
    std::string name = "procs";        ///< named in errors
    unsigned max_tasks_per_child = 0;  ///< a worker is replaced after so many tasks; 0 means never
    start_method start = start_method::forkserver;
};

/// What a pool has done so far.
struct process_pool_stats {
    std::uint64_t tasks = 0;           ///< messages with work that were answered
    std::uint64_t bytes_sent = 0;      ///< to workers
    std::uint64_t bytes_received = 0;  ///< from workers
    std::uint64_t workers_started = 0;
    std::uint64_t workers_died = 0;  ///< while they ran a task
};

/// An executor of worker processes. It ends its workers at scope exit, after everything submitted has run.
///
/// A worker that is killed or crashes fails its own task with worker_died and is replaced; the other tasks go
/// on. If workers die three times running before they are ready, the pool is broken. Workers ignore SIGINT,
/// read /dev/null, inherit standard output and error and no other file, and end when this process does,
/// however it ends.
///
/// Thread-safety: all members from any thread, but for the destructor and a waiting shutdown(), which a
/// callback of one of its futures must not call. After fork() the child must not use a pool of its parent's;
/// it is told so.
class HEDDLE_API process_pool {
 public:
    /// So many workers; 0 means rt::cpu_count(). Blocks, Throws: as below.
    explicit process_pool(unsigned workers = 0) : process_pool(process_pool_options{.workers = workers}) {}
    /// Starts the fork server and the workers.
    /// Blocks: the calling thread until the server is there. Throws: std::system_error; broken_pool if the
    /// program does not serve (see process_main()); std::invalid_argument for a start method that is refused.
    explicit process_pool(process_pool_options options);
    /// shutdown({.wait = true}). Blocks: the calling thread.
    ~process_pool();
    process_pool(const process_pool&) = delete;
    process_pool& operator=(const process_pool&) = delete;

    /// Runs `f(args...)` in a worker. `f` is a function, a captureless lambda or heddle::bitwise(closure).
    /// What cannot be serialised fails through the future. Cancellation: request_stop() has no effect on a
    /// running call. Throws: shutdown_error; broken_pool.
    template <class F, class... Args> auto submit(F&& f, Args&&... args) {
        using R = typename detail::call_result<F, Args...>::type;
        auto* const call = new detail::remote_call<R, std::decay_t<F>, std::decay_t<Args>...>();
        future<R> result = call->get_future();
        if (pack_or_fail(*call, [&] { call->pack(f, args...); })) enqueue(*call);
        return result;
    }

    /// As submit(), for work whose result nobody wants; what it throws, and the death of its worker, go to
    /// the exception hook.
    template <class F, class... Args> void post(F&& f, Args&&... args) {
        submit(std::forward<F>(f), std::forward<Args>(args)...);
    }

    /// Submits `f(item)` for every item at once and gives the results in the order of the items. Items are
    /// moved out of a container that is an rvalue, otherwise copied, and travel in chunks of options.chunk; 0
    /// makes about four chunks for each worker. Throws: as submit().
    template <class F, class Range> auto map(F f, Range&& items, const map_options& options = {}) {
        using item = typename detail::value_of<decltype(std::begin(items))>::type;
        return map_how<detail::whole_item<F, item>, item>(f, std::forward<Range>(items), options);
    }
    /// As map(), of several ranges side by side, as far as the shortest goes: `f(a, b)` for an item of each.
    template <class F, std::ranges::input_range A, std::ranges::input_range B>
    auto map(F f, A&& a, B&& b, const map_options& options = {}) {
        return map_apply(std::move(f), detail::side_by_side(detail::reader_of<A>(a), detail::reader_of<B>(b)),
                         options);
    }
    template <class F, std::ranges::input_range A, std::ranges::input_range B, std::ranges::input_range C>
    auto map(F f, A&& a, B&& b, C&& c, const map_options& options = {}) {
        return map_apply(
            std::move(f),
            detail::side_by_side(detail::reader_of<A>(a), detail::reader_of<B>(b), detail::reader_of<C>(c)),
            options);
    }
    /// As map(), for items that are tuples: `f` is called with their elements.
    template <class F, class Range> auto map_apply(F f, Range&& items, const map_options& options = {}) {
        using item = typename detail::value_of<decltype(std::begin(items))>::type;
        return map_how<detail::spread_item<F, item>, item>(f, std::forward<Range>(items), options);
    }

    /// Refuses further work and runs, or withdraws, what is pending. May be called again.
    /// Blocks: the calling thread until the workers have ended, if `wait`.
    void shutdown(shutdown_options options = {});

    /// How many workers it was given.
    unsigned workers() const noexcept;
    /// The processes that are alive now.
    std::vector<pid_t> pids() const;
    /// What it has done so far.
    process_pool_stats stats() const;

 private:
    class state;

    // Serialisation that throws fails this task alone.
    template <class Pack> static bool pack_or_fail(detail::remote_task& task, Pack pack) {
        try {
            pack();
            return true;
        } catch (...) {
            task.give_up(std::current_exception());
            return false;
        }
    }
    void enqueue(detail::remote_task& task);

    template <class How, class Item, class F, class Range>
    auto map_how(const F& f, Range&& items, const map_options& options) {
        using R = typename How::result;
        std::vector<Item> all;
        if constexpr (requires { std::size(items); }) all.reserve(std::size(items));
        detail::for_each_item(std::forward<Range>(items),
                              [&](auto&& x) { all.push_back(std::forward<decltype(x)>(x)); });
        const std::size_t chunk =
            options.chunk != 0 ? options.chunk : all.size() / (workers() * std::size_t{4}) + 1;
        std::vector<future<R>> futures;
        futures.reserve(all.size());
        try {
            for (std::size_t at = 0; at < all.size(); at += chunk) {
                const auto first = all.begin() + static_cast<std::ptrdiff_t>(at);
                const auto last = first + static_cast<std::ptrdiff_t>(std::min(chunk, all.size() - at));
                const std::vector<Item> part(std::make_move_iterator(first), std::make_move_iterator(last));
                auto* const task = new detail::remote_chunk<F, Item, How>(part.size());
                task->add_futures_to(futures);
                if (pack_or_fail(*task, [&] { task->pack(f, part); })) enqueue(*task);
            }
        } catch (...) {
            for (const auto& made : futures) made.cancel();  // refused halfway: nobody will see these
            throw;
        }
        return map_result<R>(std::move(futures), options.until);
    }

    std::unique_ptr<state> state_;
};

}  // namespace heddle::inline v0
