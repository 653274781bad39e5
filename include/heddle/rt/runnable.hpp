// SPDX-License-Identifier: BSL-1.0
#pragma once

// The smallest thing that a worker runs: a function pointer and a link. Tasks, suspended coroutines and
// suspended fibers are runnables, so queueing one never allocates.

#include <cstddef>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

/// One step that is ready to run. It is in at most one queue; it may be gone when its function returns.
class runnable {
 public:
    using function = void (*)(runnable&) noexcept;

    explicit runnable(function f) noexcept : function_(f) {}
    runnable(const runnable&) = delete;
    runnable& operator=(const runnable&) = delete;

    void run() noexcept { function_(*this); }
    /// Whether `f` is what it runs.
    bool runs(function f) const noexcept { return function_ == f; }

 private:
    friend class runnable_queue;
    friend class runnable_stack;

    function function_;
    runnable* next_ = nullptr;
};

/// First in, first out; not locked.
class runnable_queue {
 public:
    bool empty() const noexcept { return head_ == nullptr; }
    std::size_t size() const noexcept { return size_; }

    void push(runnable& r) noexcept {
        r.next_ = nullptr;
        (tail_ != nullptr ? tail_->next_ : head_) = &r;
        tail_ = &r;
        ++size_;
    }

    /// Takes the oldest, null if there is none.
    runnable* pop() noexcept {
        runnable* r = head_;
        if (r == nullptr) return nullptr;
        head_ = r->next_;
        if (head_ == nullptr) tail_ = nullptr;
        --size_;
        return r;
    }

    /// Takes the one that is `i` behind the oldest, null if there is none.
    runnable* pop(std::size_t i) noexcept {
        if (i == 0) return pop();
        if (i >= size_) return nullptr;
        runnable* before = head_;
        while (--i > 0) before = before->next_;
        runnable* const r = before->next_;
        before->next_ = r->next_;
        if (tail_ == r) tail_ = before;
        --size_;
        return r;
    }

    /// How many are in front of `r`, but at most `limit`; all of them if it is not here.
    std::size_t in_front_of(const runnable* r, std::size_t limit) const noexcept {
        std::size_t n = 0;
        for (const runnable* at = head_; at != nullptr && at != r && n < limit; at = at->next_) ++n;
        return n;
    }

 private:
    runnable* head_ = nullptr;
    runnable* tail_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace heddle::inline v0::rt
