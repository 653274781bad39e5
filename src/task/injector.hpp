// SPDX-License-Identifier: BSL-1.0
#pragma once

// What came to a pool from outside and no worker has taken yet: first in, first out within a priority.

#include <atomic>
#include <cstddef>
#include <functional>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/word_lock.hpp>
#include <map>
#include <mutex>
#include <span>
#include "chunked_queue.hpp"

namespace heddle::inline v0::detail {

/// Two locks: one under which what comes with priority 0 is added, and one under which is taken. Who takes
/// and finds nothing on the taker's side moves over all that was added, in constant time; so under load those
/// who add and those who take do not meet at each task. Source: M. Michael, M. Scott, "Simple, Fast, and
/// Practical Non-Blocking and Blocking Concurrent Queue Algorithms" (1996), the queue of two locks; here
/// its two ends meet by the list, not by the element.
///
/// What lies on which cache line is chosen so that a worker that is busy does not touch what submitters
/// write.
///
/// The counts can be read without a lock. They are seq_cst because a worker that falls asleep looks at them;
/// see idle_count. Who moves tasks over adds them to the one count before it takes them from the other, and
/// who looks reads the latter first: so what is there is never counted in neither.
class injector {
 public:
    enum class level { urgent, normal, background };

    /// @throws std::bad_alloc for a priority other than 0 that nobody has used before
    void push(rt::runnable& r, int priority) {
        if (priority == 0) {
            std::lock_guard guard(added_.lock);
            added_.queue.push(r);
            added_.count.store(added_.queue.size(), std::memory_order_seq_cst);
        } else {
            std::lock_guard guard(lock_);
            others_[priority].push(r);
            auto& n = priority > 0 ? urgent_count_ : background_count_;
            n.store(n.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
        }
    }

    /// Adds all of `queue`, with priority 0.
    void put_back(rt::runnable_queue& queue) noexcept {
        std::lock_guard guard(added_.lock);
        while (rt::runnable* const r = queue.pop()) added_.queue.push(*r);
        added_.count.store(added_.queue.size(), std::memory_order_seq_cst);
    }

    /// Whether there is something at that level.
    bool has(level l) const noexcept {
        return (l == level::normal && added_.count.load(std::memory_order_seq_cst) != 0) ||
               count(l).load(std::memory_order_seq_cst) != 0;
    }
    bool empty() const noexcept {
        return !has(level::normal) && !has(level::urgent) && !has(level::background);
    }
    std::size_t size() const noexcept {
        return added_.count.load(std::memory_order_relaxed) +
               count(level::normal).load(std::memory_order_relaxed) +
               count(level::urgent).load(std::memory_order_relaxed) +
               count(level::background).load(std::memory_order_relaxed);
    }

    /// Takes the oldest of priority 0, as many as there is room for in `batch`, but no more than one of
    /// `share` equal parts. @return how many
    std::size_t take(std::span<rt::runnable*> batch, std::size_t share) noexcept;

    /// The most urgent of those with a priority above 0 (or below it), null if there is none.
    rt::runnable* take_one(level l) noexcept;

    /// Moves everything to `all`.
    void take_all(rt::runnable_queue& all) noexcept;

 private:
    void move_over() noexcept;

    const std::atomic<std::size_t>& count(level l) const noexcept {
        return l == level::normal ? normal_count_ : l == level::urgent ? urgent_count_ : background_count_;
    }

    struct alignas(64) added {
        rt::word_lock lock;
        chunked_queue queue;
        std::atomic<std::size_t> count{0};
    };
    added added_;

    alignas(64) rt::word_lock lock_;  // of those who take; before the other one
    chunked_queue normal_;
    std::atomic<std::size_t> normal_count_{0};
    std::atomic<std::size_t> urgent_count_{0};
    std::atomic<std::size_t> background_count_{0};
    // Queues of priorities stay when they are empty: there are few, and they are used again.
    std::map<int, rt::runnable_queue, std::greater<>> others_;
};

}  // namespace heddle::inline v0::detail
