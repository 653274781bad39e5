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

namespace heddle::inline v0::detail {

/// A queue under a lock. The lock is taken once for a batch by those who take, so under load it is the
/// submitters who use it, a few instructions each.
///
/// The counts can be read without the lock. They are seq_cst because a worker that falls asleep looks at
/// them; see idle_count.
class injector {
 public:
    enum class level { urgent, normal, background };

    /// `pushed()` is called under the lock, before anybody can take `r`.
    /// @throws std::bad_alloc for a priority other than 0 that nobody has used before
    template <class Pushed> void push(rt::runnable& r, int priority, const Pushed& pushed) {
        std::lock_guard guard(lock_);
        if (priority == 0) {
            normal_.push(r);
            normal_count_.store(normal_.size(), std::memory_order_seq_cst);
        } else {
            others_[priority].push(r);
            auto& n = priority > 0 ? urgent_count_ : background_count_;
            n.store(n.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
        }
        pushed();
    }

    /// Adds all of `queue`, with priority 0; `added()` is called under the lock, before anybody can take any.
    template <class Added> void put_back(rt::runnable_queue& queue, const Added& added) noexcept {
        std::lock_guard guard(lock_);
        while (rt::runnable* const r = queue.pop()) normal_.push(*r);
        normal_count_.store(normal_.size(), std::memory_order_seq_cst);
        added();
    }
    void put_back(rt::runnable_queue& queue) noexcept {
        put_back(queue, [] {});
    }

    /// Whether there is something at that level.
    bool has(level l) const noexcept { return count(l).load(std::memory_order_seq_cst) != 0; }
    bool empty() const noexcept {
        return !has(level::normal) && !has(level::urgent) && !has(level::background);
    }
    std::size_t size() const noexcept {
        return count(level::normal).load(std::memory_order_relaxed) +
               count(level::urgent).load(std::memory_order_relaxed) +
               count(level::background).load(std::memory_order_relaxed);
    }

    /// Moves up to `most` of priority 0, oldest first, to `batch`, but no more than one of `share` equal
    /// parts.
    void take(rt::runnable_queue& batch, std::size_t most, std::size_t share) noexcept {
        std::lock_guard guard(lock_);
        std::size_t n = normal_.size() / share + 1;
        for (n = n < most ? n : most; n > 0; --n) {
            rt::runnable* const r = normal_.pop();
            if (r == nullptr) break;
            batch.push(*r);
        }
        normal_count_.store(normal_.size(), std::memory_order_seq_cst);
    }

    /// The most urgent of those with a priority above 0 (or below it), null if there is none.
    rt::runnable* take_one(level l) noexcept {
        std::lock_guard guard(lock_);
        // The highest priority comes first in the map, so the first one below 0 is the lowest bound of 0.
        const auto first = l == level::urgent ? others_.begin() : others_.upper_bound(0);
        for (auto i = first; i != others_.end(); ++i) {
            if (l == level::urgent && i->first < 0) break;
            rt::runnable* const r = i->second.pop();
            if (r == nullptr) continue;
            auto& n = l == level::urgent ? urgent_count_ : background_count_;
            n.store(n.load(std::memory_order_relaxed) - 1, std::memory_order_seq_cst);
            return r;
        }
        return nullptr;
    }

    /// Moves everything to `all`.
    void take_all(rt::runnable_queue& all) noexcept {
        std::lock_guard guard(lock_);
        while (rt::runnable* const r = normal_.pop()) all.push(*r);
        for (auto& [priority, queue] : others_)
            while (rt::runnable* const r = queue.pop()) all.push(*r);
        for (auto* n : {&normal_count_, &urgent_count_, &background_count_})
            n->store(0, std::memory_order_seq_cst);
    }

 private:
    const std::atomic<std::size_t>& count(level l) const noexcept {
        return l == level::normal ? normal_count_ : l == level::urgent ? urgent_count_ : background_count_;
    }

    rt::word_lock lock_;
    rt::runnable_queue normal_;
    // Queues of priorities stay when they are empty: there are few, and they are used again.
    std::map<int, rt::runnable_queue, std::greater<>> others_;
    std::atomic<std::size_t> normal_count_{0};
    std::atomic<std::size_t> urgent_count_{0};
    std::atomic<std::size_t> background_count_{0};
};

}  // namespace heddle::inline v0::detail
