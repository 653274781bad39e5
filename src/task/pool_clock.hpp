// SPDX-License-Identifier: BSL-1.0
#pragma once

// The timers of a pool's tasks. Any worker arms, takes back and fires them, because a task may go on
// anywhere.

#include <atomic>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/timer.hpp>
#include <heddle/rt/word_lock.hpp>
#include <mutex>

namespace heddle::inline v0::detail {

/// Timers under a lock, and when the next is due, which can be read without it.
///
/// A timer fires under the lock, so that remove() returns only when it does not fire any more. What fires may
/// take locks of the parking lot, and none of these is held by those who call here.
class pool_clock {
 public:
    /// Whether it is now the first. @throws std::bad_alloc
    bool add(rt::timer& t, rt::clock::time_point when) {
        std::lock_guard guard(lock_);
        const auto before = heap_.next();
        heap_.add(t, when);
        // seq_cst: the worker that keeps the time reads this after it has said that it does.
        next_.store(heap_.next().when(), std::memory_order_seq_cst);
        return heap_.next() < before;
    }
    void remove(rt::timer& t) noexcept {
        std::lock_guard guard(lock_);
        heap_.remove(t);
        next_.store(heap_.next().when(), std::memory_order_relaxed);
    }
    /// When the next is due, never if there is none.
    rt::deadline next() const noexcept { return rt::deadline(next_.load(std::memory_order_seq_cst)); }
    /// Fires what is due. @return whether there was anything.
    bool fire() noexcept {
        const rt::clock::time_point next = next_.load(std::memory_order_relaxed);
        if (next == rt::clock::time_point::max()) return false;
        const auto now = rt::clock::now();
        if (now < next) return false;
        std::lock_guard guard(lock_);
        const bool any = heap_.fire(now) > 0;
        next_.store(heap_.next().when(), std::memory_order_relaxed);
        return any;
    }

 private:
    rt::word_lock lock_;
    rt::timer_heap heap_;
    std::atomic<rt::clock::time_point> next_{rt::clock::time_point::max()};
};

}  // namespace heddle::inline v0::detail
