// SPDX-License-Identifier: BSL-1.0
#pragma once

// Tasks with an order between them that is known before they run, to be run again and again. Where the order
// follows from the data, futures say the same.

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <heddle/rt/config.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/task_group.hpp>
#include <heddle/task/thread_pool.hpp>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

/// A directed acyclic graph of callables. Thread-safety: one thread at a time; one run at a time.
class HEDDLE_API graph {
 public:
    /// One task of it; it lives as long as the graph.
    class HEDDLE_API node {
     public:
        node(const node&) = delete;
        node& operator=(const node&) = delete;
        /// It begins when all of `others` have ended. Throws: std::invalid_argument for one of another graph.
        template <class... Nodes> node& after(Nodes&... others) {
            (link(others, *this), ...);
            return *this;
        }
        /// All of `others` begin after it has ended. Throws: as after().
        template <class... Nodes> node& before(Nodes&... others) {
            (link(*this, others), ...);
            return *this;
        }
        /// What it was added with, or its number.
        const std::string& name() const noexcept { return name_; }

     private:
        friend class graph;
        friend class std::deque<node>;
        struct key {};

     public:
        // Only graph::add() can name the first type.
        node(key, const graph& of, std::size_t number, std::string name, std::function<void()> f)
            : graph_(of),
              number_(number),
              name_(std::move(name)),
              function_(std::move(f)) {}

     private:
        static void link(node& first, node& second);

        const graph& graph_;
        std::size_t number_;
        std::string name_;
        std::function<void()> function_;
        std::vector<node*> next_;
        std::size_t before_ = 0;            // how many it comes after
        std::atomic<std::size_t> left_{0};  // in this run, those that have not ended
    };

    graph() = default;
    graph(const graph&) = delete;
    graph& operator=(const graph&) = delete;

    /// Adds a task; without a name it has its number.
    template <class F> node& add(F f, std::string name = {}) {
        return add_node(std::move(f), std::move(name));
    }

    /// Runs all of it on `pool`, each task as soon as those before it have ended.
    /// Blocks: the current task. Cancellation: a request is passed on to the tasks that run, what has not
    /// begun is left out, and then `cancelled` is thrown, unless a task failed by itself. A failure does the
    /// same: those that run are asked to stop, what has not begun is left out. Throws: invalid_state that
    /// names a cycle, before anything runs; the failure that came first, when all that had begun is over; as
    /// submit(). Complexity: as a submit() for each task.
    void run(thread_pool& pool);
    /// As run(), in a task of the pool: a request to stop the future is one to it. The graph has to live
    /// until it is done.
    future<void> submit(thread_pool& pool) {
        return pool.submit([this, &pool] { run(pool); });
    }
    /// For Graphviz: `dot -Tsvg`.
    std::string dot() const;
    /// How many tasks it has.
    std::size_t size() const noexcept { return nodes_.size(); }

 private:
    node& add_node(std::function<void()> f, std::string name);
    void check() const;
    void run_node(task_group& group, node& n);

    std::deque<node> nodes_;            // which never move
    std::atomic<bool> stopped_{false};  // in this run
};

}  // namespace heddle::inline v0
