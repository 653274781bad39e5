// SPDX-License-Identifier: BSL-1.0
#pragma once

// The identity of a task: what "current" means in heddle. One per thread, fiber, coroutine task, or task run
// in place. It carries the name and the requests to stop, and says who owns a recursive lock.

#include <atomic>
#include <cstdint>
#include <heddle/rt/config.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/waiter.hpp>
#include <heddle/rt/word_lock.hpp>
#include <string>
#include <utility>

namespace heddle::inline v0::rt {

/// A task's identity, name and requests to stop.
///
/// Thread-safety: request_stop(), stop_requests() and uncancel() may be called from any thread; the rest
/// belongs to the task itself.
class HEDDLE_API task_context {
 public:
    task_context() noexcept;
    explicit task_context(std::string name);
    task_context(const task_context&) = delete;
    task_context& operator=(const task_context&) = delete;

    /// A number that no other task of this process has or had.
    std::uint64_t id() const noexcept { return id_; }
    /// The name given, empty if none.
    const std::string& name() const noexcept { return name_; }
    void set_name(std::string name) { name_ = std::move(name); }

    /// Asks the task to stop: it sees heddle::cancelled once, at its present or next cancellation point.
    void request_stop() noexcept;
    /// How many requests have been made and not taken back.
    unsigned stop_requests() const noexcept { return requests_.load(std::memory_order_relaxed); }
    /// Takes one request back. @return how many are left.
    unsigned uncancel() noexcept;

    /// Whether a request waits to be delivered.
    bool stop_pending() const noexcept { return pending_.load(std::memory_order_relaxed); }
    /// Delivers a pending request. @return true if there was one, and it counts as delivered now.
    bool take_stop() noexcept;

    /// Announces the waiter that a request must end. @return false, and delivers, if one is pending already.
    bool begin_wait(waiter& w, const void* address) noexcept;
    /// Ends what begin_wait() began; on return no canceller holds the waiter any more.
    void end_wait(wait_outcome outcome) noexcept;

 private:
    const std::uint64_t id_;
    std::string name_;
    // Guards waiting_. A canceller holds it while it takes the waiter out of its queue and wakes it, and the
    // waiter passes through end_wait() before it goes away: so the canceller never holds a dead waiter.
    // Order: this lock before a bucket's.
    word_lock lock_;
    waiter* waiting_ = nullptr;
    std::atomic<unsigned> requests_{0};
    // Set before the canceller looks at the queue; read by the waiting side under the bucket's lock while it
    // queues. Both pass through that lock, so either the waiter is found queued or it sees the flag; relaxed
    // suffices.
    std::atomic<bool> pending_{false};
};

/// The task that is running now. Not inlined and not cached by the compiler: a fiber may have changed
/// threads.
HEDDLE_API task_context& current_task() noexcept;

/// Makes `context` the current task until the end of the scope; null restores the thread's own.
class HEDDLE_API task_scope {
 public:
    explicit task_scope(task_context* context) noexcept;
    ~task_scope();
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

 private:
    task_context* outer_;
};

}  // namespace heddle::inline v0::rt
