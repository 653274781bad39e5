// SPDX-License-Identifier: BSL-1.0
#pragma once

// How other threads hand work to a worker: many push, one takes everything.

#include <atomic>
#include <heddle/rt/runnable.hpp>

namespace heddle::inline v0::rt {

/// A lock-free stack that is emptied all at once, which makes it immune to ABA.
/// Source: R. K. Treiber, "Systems Programming: Coping with Parallelism" (1986).
///
/// Invariant: head_ is the newest of a chain of runnables, each pushed once and not taken since.
/// seq_cst on both operations: a worker that is about to sleep stores "sleeping" and then looks here, a
/// poster pushes here and then looks for "sleeping"; at least one of them must see the other (see
/// worker.cpp). Acquire and release are implied and make what was written before the push visible to the
/// taker.
class runnable_stack {
 public:
    /// Any thread.
    void push(runnable& r) noexcept {
        runnable* head = head_.load(std::memory_order_relaxed);
        do {
            r.next_ = head;
        } while (
            !head_.compare_exchange_weak(head, &r, std::memory_order_seq_cst, std::memory_order_relaxed));
    }

    bool empty() const noexcept { return head_.load(std::memory_order_seq_cst) == nullptr; }

    /// Moves everything to the end of `queue`, oldest first. @return false if there was nothing.
    bool take_all(runnable_queue& queue) noexcept {
        if (head_.load(std::memory_order_relaxed) == nullptr) return false;
        runnable* newest = head_.exchange(nullptr, std::memory_order_seq_cst);
        runnable* oldest = nullptr;
        while (newest != nullptr) {
            runnable* const next = newest->next_;
            newest->next_ = oldest;
            oldest = newest;
            newest = next;
        }
        while (oldest != nullptr) {
            runnable* const next = oldest->next_;  // push() overwrites the link
            queue.push(*oldest);
            oldest = next;
        }
        return true;
    }

 private:
    std::atomic<runnable*> head_{nullptr};
};

}  // namespace heddle::inline v0::rt
