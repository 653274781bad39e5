// SPDX-License-Identifier: BSL-1.0
#pragma once

// A waiter is one thing that waits: a blocked thread, a suspended fiber or a suspended coroutine. Primitives
// queue waiters in the parking lot and cannot tell which kind they hold; only who resumes it differs, behind
// one function.

#include <atomic>
#include <cstdint>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

class task_context;

/// How a wait ended.
enum class wait_outcome : std::uint32_t {
    waiting,    ///< not ended yet
    granted,    ///< somebody unparked it
    invalid,    ///< there was no need to wait: the condition had changed before it was queued
    timed_out,  ///< its deadline passed first
    cancelled,  ///< its task was asked to stop first
};

/// What kind of thing waits. Threads may barge past a queue; suspended tasks are handed what they wait for.
enum class waiter_kind : std::uint8_t { thread, fiber, coroutine };

/// A node in the parking lot. Lives on the waiting stack or in the coroutine frame, for one wait.
///
/// Invariant: a waiter is queued under at most one address. It leaves its queue once, under the bucket's
/// lock, and whoever takes it out is the only one to set the outcome and to call wake(); so there is exactly
/// one winner between an unpark, a deadline and a cancellation.
class waiter {
 public:
    /// Resumes what waits; called exactly once, with no bucket lock held. The waiter may be gone when it
    /// returns.
    using wake_function = void (*)(waiter&, wait_outcome) noexcept;

    waiter(waiter_kind kind, wake_function on_wake) noexcept : wake_(on_wake), kind_(kind) {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    waiter_kind kind() const noexcept { return kind_; }

    /// What the one that unparked it passed along; read by the waiter after it was granted.
    std::uintptr_t token() const noexcept { return token_; }
    /// For one that has taken the waiter out and not woken it yet.
    void set_token(std::uintptr_t token) noexcept { token_ = token; }

    /// What the primitive wants to know of this waiter when it chooses whom to wake (a priority, reader or
    /// writer); set before queueing.
    std::uintptr_t tag() const noexcept { return tag_; }
    void set_tag(std::uintptr_t tag) noexcept { tag_ = tag; }

    /// The task that waits, for reports; set before queueing.
    const task_context* task() const noexcept { return task_; }
    void set_task(const task_context* task) noexcept { task_ = task; }

    /// What kind of thing is waited for, and the name that it has, if any; for reports, and set before
    /// queueing. Literals, or strings that are there as long as the wait.
    const char* kind_name() const noexcept { return kind_name_; }
    const char* subject_name() const noexcept { return subject_name_; }
    void set_subject(const char* kind, const char* name) noexcept {
        kind_name_ = kind;
        subject_name_ = name;
    }

    /// Sets the address before the waiter can be seen by a canceller; see task_context.
    void aim(const void* address) noexcept { address_.store(address, std::memory_order_relaxed); }

    /// The address it waits at, null before the first.
    const void* address() const noexcept { return address_.load(std::memory_order_relaxed); }

    /// Ends the wait for one that has taken the waiter out of its queue.
    void wake(wait_outcome outcome) noexcept { wake_(*this, outcome); }

 private:
    friend class parking_lot;
    friend class waiter_queue;

    waiter* next_ = nullptr;
    waiter* prev_ = nullptr;
    // Written by the waiting side before queueing; read by cancellers that then check queued_ under the
    // bucket's lock, so relaxed is enough.
    std::atomic<const void*> address_{nullptr};
    std::uintptr_t token_ = 0;
    std::uintptr_t tag_ = 0;
    const task_context* task_ = nullptr;
    const char* kind_name_ = nullptr;
    const char* subject_name_ = nullptr;
    wake_function wake_;
    waiter_kind kind_;
    bool queued_ = false;
    // Requeued: what it waited for has happened, and it only waits for its turn. Neither a deadline nor a
    // request to stop ends the wait any more. Guarded by the bucket's lock.
    bool committed_ = false;
};

/// A doubly linked list of waiters, so that a cancelled one leaves in constant time. Not locked.
class waiter_queue {
 public:
    waiter* front() const noexcept { return head_; }
    bool empty() const noexcept { return head_ == nullptr; }
    static waiter* next(const waiter& w) noexcept { return w.next_; }

    void push_back(waiter& w) noexcept {
        w.prev_ = tail_;
        w.next_ = nullptr;
        (tail_ != nullptr ? tail_->next_ : head_) = &w;
        tail_ = &w;
        w.queued_ = true;
    }

    /// Takes out the first; null if there is none.
    waiter* pop_front() noexcept {
        waiter* const w = head_;
        if (w != nullptr) remove(*w);
        return w;
    }

    void remove(waiter& w) noexcept {
        (w.prev_ != nullptr ? w.prev_->next_ : head_) = w.next_;
        (w.next_ != nullptr ? w.next_->prev_ : tail_) = w.prev_;
        w.prev_ = w.next_ = nullptr;
        w.queued_ = false;
    }

 private:
    waiter* head_ = nullptr;
    waiter* tail_ = nullptr;
};

}  // namespace heddle::inline v0::rt
