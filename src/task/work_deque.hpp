// SPDX-License-Identifier: BSL-1.0
#pragma once

// The tasks of one worker: it pushes and pops at one end, last in, first out, and others steal at the other.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/runnable.hpp>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace heddle::inline v0::detail {

/// A double-ended queue with one owner and any number of thieves.
///
/// Source: D. Chase, Y. Lev, "Dynamic Circular Work-Stealing Deque" (SPAA 2005), with the orders of N. M. Lê,
/// A. Pop, A. Cohen, F. Zappa Nardelli, "Correct and Efficient Work-Stealing for Weak Memory Models" (PPoPP
/// 2013), but for their two fences, which are seq_cst accesses here: the sanitizers see those, they cost the
/// same on x86-64 (one exchange), and push() takes part in the order by which a worker falls asleep.
///
/// Invariant: the entries are those at the positions [top_, bottom_). Only the owner changes bottom_, and
/// top_ only grows. Whoever moves top_ from i to i+1 by its compare-exchange has the entry at i; the owner
/// takes the one at bottom_-1 without that unless it is the last, for which it competes like a thief.
///
/// Orders. pop() stores bottom_ and then loads top_; steal() loads top_, then bottom_. All are seq_cst, so
/// they have one order: either the thief sees that bottom_ was lowered, or the owner sees that top_ has
/// grown, and both take the same entry only if it is the last, where the compare-exchange decides. push()
/// stores the entry (relaxed) before bottom_ (seq_cst, so also a release), and steal() loads it after
/// bottom_: it sees the entry and what came before the push. The entry is an atomic because a slow thief
/// may read a slot that is written again; its compare-exchange fails then.
class work_deque {
 public:
    explicit work_deque(std::size_t capacity = 256) { use(std::make_unique<ring>(capacity)); }

    /// The owner. False if there is no memory to grow.
    bool push(rt::runnable& r) noexcept {
        const std::int64_t b = bottom_.load(std::memory_order_relaxed);  // only the owner writes it
        // acquire: a thief has read the slot before it let the position go, and we write it again.
        const std::int64_t t = top_.load(std::memory_order_acquire);
        ring* a = ring_.load(std::memory_order_relaxed);
        if (b - t >= a->size() && (a = grow(*a, t, b)) == nullptr) return false;
        a->at(b).store(&r, std::memory_order_relaxed);
        bottom_.store(b + 1, std::memory_order_seq_cst);
        return true;
    }

    /// The owner: takes the newest, null if there is none.
    rt::runnable* pop() noexcept {
        std::int64_t b = bottom_.load(std::memory_order_relaxed);
        // Without the fence: top_ only grows, so what looks empty is empty.
        if (b <= top_.load(std::memory_order_relaxed)) return nullptr;
        --b;
        ring* const a = ring_.load(std::memory_order_relaxed);
        bottom_.store(b, std::memory_order_seq_cst);
        std::int64_t t = top_.load(std::memory_order_seq_cst);
        rt::runnable* r = nullptr;
        if (t <= b) {
            r = a->at(b).load(std::memory_order_relaxed);
            if (t < b) return r;
            if (!top_.compare_exchange_strong(t, t + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
                r = nullptr;  // a thief has the last one
        }
        bottom_.store(b + 1, std::memory_order_relaxed);  // empty: top_ is there now
        return r;
    }

    /// Anybody: takes the oldest, null if there is none or another was faster.
    rt::runnable* steal() noexcept {
        std::int64_t t = top_.load(std::memory_order_seq_cst);
        const std::int64_t b = bottom_.load(std::memory_order_seq_cst);
        if (t >= b) return nullptr;
        // acquire: a ring that was made larger has its entries.
        rt::runnable* const r = ring_.load(std::memory_order_acquire)->at(t).load(std::memory_order_relaxed);
        if (!top_.compare_exchange_strong(t, t + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
            return nullptr;
        return r;
    }

    /// Anybody: how many there were a moment ago.
    std::size_t size() const noexcept {
        const std::int64_t t = top_.load(std::memory_order_relaxed);
        const std::int64_t b = bottom_.load(std::memory_order_relaxed);
        return b > t ? static_cast<std::size_t>(b - t) : 0;
    }

    /// Anybody. seq_cst: a worker that falls asleep looks here; see idle_count.
    bool empty() const noexcept {
        const std::int64_t t = top_.load(std::memory_order_seq_cst);
        return bottom_.load(std::memory_order_seq_cst) <= t;
    }

 private:
    using entry = std::atomic<rt::runnable*>;

    class ring {
     public:
        explicit ring(std::size_t size) : entries_(new entry[size]), mask_(size - 1) {}
        std::int64_t size() const noexcept { return static_cast<std::int64_t>(mask_ + 1); }
        entry& at(std::int64_t i) noexcept { return entries_[static_cast<std::size_t>(i) & mask_]; }

     private:
        std::unique_ptr<entry[]> entries_;
        std::size_t mask_;
    };

    void use(std::unique_ptr<ring> r) {
        rings_.push_back(std::move(r));
        ring_.store(rings_.back().get(), std::memory_order_release);  // after its entries
    }

    // Rings that were left stay until the end, because a slow thief may look at them; together they are no
    // larger than the one in use.
    [[gnu::cold, gnu::noinline]] ring* grow(ring& old, std::int64_t t, std::int64_t b) noexcept {
        try {
            auto larger = std::make_unique<ring>(static_cast<std::size_t>(old.size()) * 2);
            for (std::int64_t i = t; i < b; ++i)
                larger->at(i).store(old.at(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
            use(std::move(larger));
            return rings_.back().get();
        } catch (const std::bad_alloc&) {
            return nullptr;
        }
    }

    alignas(64) std::atomic<std::int64_t> top_{0};  // written by thieves
    alignas(64) std::atomic<std::int64_t> bottom_{0};
    std::atomic<ring*> ring_{nullptr};
    std::vector<std::unique_ptr<ring>> rings_;
};

}  // namespace heddle::inline v0::detail
