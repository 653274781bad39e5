// SPDX-License-Identifier: BSL-1.0
#pragma once

// Items through several stages, each with workers of its own and a bounded buffer behind it, so that a slow
// stage holds up those before it and memory stays bounded. For one stage map() of the pool is enough.

#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <heddle/rt/error.hpp>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/task/task_group.hpp>
#include <heddle/task/thread_pool.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

/// How a stage of a pipeline runs.
struct stage_options {
    unsigned workers = 1;       ///< items that it deals with at the same time
    std::size_t capacity = 64;  ///< results that wait for the next stage
    bool ordered = true;        ///< results in the order in which the stage got the items
    std::string name{};         ///< of its tasks
};

namespace detail {

template <class T> struct is_optional : std::false_type {};
template <class T> struct is_optional<std::optional<T>> : std::true_type {};

template <class F>
concept gives_items = std::invocable<F&> && is_optional<std::decay_t<std::invoke_result_t<F&>>>::value;

/// The results of a stage with several workers, in the order of the items.
///
/// Invariant: `next_` is the number of the result that goes out next; those in `early_` have higher numbers,
/// and fewer than `window` of them are held. One worker at a time puts them out. The worker that has number
/// `next_` never waits for room here, so somebody always gets on.
template <class T> class in_order {
 public:
    in_order(queue<T>& out, std::size_t window) : out_(out), window_(window) {}

    /// Blocks: the current task, while too many results wait for an earlier one. @return false if nobody
    /// wants results any more. @throws cancelled
    bool put(std::size_t number, T result) {
        std::unique_lock guard(lock_);
        room_.wait([&] { return number < next_ + window_ || ended_; });
        if (ended_) return false;
        early_.emplace(number, std::move(result));
        if (putting_) return true;
        putting_ = true;
        while (!early_.empty() && early_.begin()->first == next_) {
            auto first = early_.extract(early_.begin());
            guard.unlock();
            bool taken = false;
            try {
                taken = static_cast<bool>(out_.put(std::move(first.mapped())));
            } catch (...) {
                end();
                throw;
            }
            guard.lock();
            if (!taken) ended_ = true;
            ++next_;
            room_.notify_all();
        }
        putting_ = false;
        return !ended_;
    }
    /// Nothing more will be put; those who wait are let go.
    void end() {
        const std::lock_guard guard(lock_);
        ended_ = true;
        room_.notify_all();
    }

 private:
    queue<T>& out_;
    const std::size_t window_;
    mutex lock_;
    condition<mutex> room_{lock_};  // for results that came too early
    std::map<std::size_t, T> early_;
    std::size_t next_ = 0;
    bool putting_ = false;
    bool ended_ = false;
};

/// One stage while it runs; its tasks share it.
template <class T, class U> class running_stage {
 public:
    running_stage(std::shared_ptr<queue<T>> in, std::shared_ptr<queue<U>> out, std::function<U(T)> f,
                  const stage_options& options)
        : in_(std::move(in)),
          out_(std::move(out)),
          function_(std::move(f)),
          ordered_(options.ordered && options.workers > 1),
          order_(*out_, options.workers + options.capacity),
          left_(options.workers) {}

    void work() {
        bool complete = false;
        // Whatever ends this task: nobody waits for what it will not give or take.
        struct ending {
            ~ending() { stage.leave(complete); }
            running_stage& stage;
            const bool& complete;
        } at_end{*this, complete};
        for (;;) {
            std::size_t number = 0;
            std::optional<T> item = next(number);
            if (!item) break;
            U result = function_(std::move(*item));
            if (!(ordered_ ? order_.put(number, std::move(result))
                           : static_cast<bool>(out_->put(std::move(result)))))
                return;
        }
        complete = true;
    }

 private:
    std::optional<T> next(std::size_t& number) {
        std::unique_lock guard(getting_, std::defer_lock);
        if (ordered_) guard.lock();  // so that the numbers are in the order of the queue
        auto got = in_->get();
        if (!got) return std::nullopt;
        number = taken_++;
        return std::move(*got);
    }
    void leave(bool complete) noexcept {
        if (!complete) {
            in_->shutdown({.immediate = true});
            out_->shutdown({.immediate = true});
            order_.end();
        }
        if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) out_->shutdown();
    }

    std::shared_ptr<queue<T>> in_;
    std::shared_ptr<queue<U>> out_;
    std::function<U(T)> function_;
    const bool ordered_;
    in_order<U> order_;
    mutex getting_;
    std::atomic<std::size_t> taken_{0};
    std::atomic<unsigned> left_;
};

}  // namespace detail

/// A pipeline whose last stage so far gives `T`. It runs once.
template <class T> class pipeline {
 public:
    /// From a range (one that is an lvalue has to live until the run is over; its items are copied), or from
    /// a function that gives std::optional<T>, nothing at the end. It is asked by one task.
    template <class Source> static pipeline from(Source&& source) {
        if constexpr (detail::gives_items<std::decay_t<Source>>) {
            return pipeline([next = std::make_shared<std::decay_t<Source>>(std::forward<Source>(source))](
                                task_group& group, std::shared_ptr<queue<T>> out) {
                group.spawn([next, out = std::move(out)] {
                    feed(*out, [&] {
                        while (std::optional<T> item = (*next)())
                            if (!out->put(std::move(*item))) return;
                    });
                });
            });
        } else {
            using view = std::views::all_t<Source>;
            return pipeline([items = std::make_shared<view>(std::views::all(std::forward<Source>(source)))](
                                task_group& group, std::shared_ptr<queue<T>> out) {
                group.spawn([items, out = std::move(out)] {
                    feed(*out, [&] {
                        for (auto&& item : *items) {
                            if constexpr (std::is_lvalue_reference_v<Source>) {
                                if (!out->put(T(item))) return;
                            } else {
                                if (!out->put(T(std::move(item)))) return;
                            }
                        }
                    });
                });
            });
        }
    }

    /// Adds a stage that calls `f(item)`, from several tasks at once if it has several workers.
    /// Throws: std::invalid_argument for no workers, or no capacity; invalid_state as run().
    template <class F> auto then(F&& f, stage_options options = {}) && {
        if (!start_) detail::throw_empty("pipeline");
        using U = std::invoke_result_t<std::decay_t<F>&, T>;
        static_assert(std::is_object_v<U>,
                      "a stage gives a value; what ends the pipeline is the sink of run()");
        if (options.workers == 0 || options.capacity == 0)
            throw std::invalid_argument("a stage of a pipeline needs a worker, and room for a result");
        auto call = std::make_shared<std::decay_t<F>>(std::forward<F>(f));
        return pipeline<U>([before = std::exchange(start_, nullptr), options, call = std::move(call)](
                               task_group& group, std::shared_ptr<queue<U>> out) {
            auto in = std::make_shared<queue<T>>(options.capacity);
            auto stage = std::make_shared<detail::running_stage<T, U>>(
                in, std::move(out), [call](T item) -> U { return std::invoke(*call, std::move(item)); },
                options);
            before(group, std::move(in));
            for (unsigned i = 0; i < options.workers; ++i)
                group.spawn([stage, name = options.name] {
                    if (!name.empty()) rt::current_task().set_name(name);
                    stage->work();
                });
        });
    }

    /// Runs it on `pool`, and calls `sink(item)` for each result, in the calling task.
    ///
    /// Blocks: the current task, until all stages have ended. Cancellation: all stages are asked to stop and
    /// waited for; items inside are lost. Throws: the first error of a stage, or of the sink, likewise;
    /// cancelled; as submit(); invalid_state if it has run, or another stage was added to it.
    template <class F> void run(thread_pool& pool, F sink) && {
        const starter start = std::exchange(start_, nullptr);
        if (!start) detail::throw_empty("pipeline");
        auto results = std::make_shared<queue<T>>(std::size_t{64});
        task_group group(pool);
        try {
            start(group, results);
            while (auto item = results->get()) sink(std::move(*item));
        } catch (...) {
            results->shutdown({.immediate = true});
            group.request_stop();
            try {
                group.join();
            } catch (...) {
                // What came first is thrown.
            }
            throw;
        }
        group.join();
    }

    /// Runs it on `pool` and gives all results. Blocks, Cancellation, Throws: as run().
    std::vector<T> collect(thread_pool& pool) && {
        std::vector<T> all;
        std::move(*this).run(pool, [&](T item) { all.push_back(std::move(item)); });
        return all;
    }

 private:
    template <class> friend class pipeline;
    // Starts the tasks that fill a queue.
    using starter = std::function<void(task_group&, std::shared_ptr<queue<T>>)>;

    explicit pipeline(starter start) : start_(std::move(start)) {}

    // The queue ends with what fills it, also when that throws.
    template <class Fill> static void feed(queue<T>& out, const Fill& fill) {
        try {
            fill();
        } catch (...) {
            out.shutdown({.immediate = true});
            throw;
        }
        out.shutdown();
    }

    starter start_;
};

}  // namespace heddle::inline v0
