// SPDX-License-Identifier: BSL-1.0
#pragma once

// The identity of a task: what "current" means in heddle. One per thread, fiber, coroutine task, or task run
// in place. It carries the name, the requests to stop and the task's own values of each local, and says who
// owns a recursive lock and what the task waits for.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/config.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_locals.hpp>
#include <heddle/rt/waiter.hpp>
#include <heddle/rt/word_lock.hpp>
#include <optional>
#include <string>
#include <utility>

namespace heddle::inline v0::rt {

/// What a task waits for, as far as it can be told.
struct wait_site {
    const void* address = nullptr;  ///< of the primitive, or of what it waits for in there
    std::string kind;               ///< "mutex", "queue", …
    std::string name;               ///< that the primitive was given, empty if none
};

/// A request to stop that a part of a task has made, so that it can be taken back.
struct part_request {
    unsigned before = 0;   // requests that there were
    bool pending = false;  // whether one of them waited to be delivered
};

/// Whoever has to know that his task was asked to stop although it does not wait: he would find out for
/// himself, but looks seldom.
class stop_listener {
 public:
    /// Called under a lock, perhaps by another thread.
    virtual void stop_requested() noexcept = 0;

 protected:
    ~stop_listener() = default;
};

/// A task's identity, name, requests to stop and values of its own.
///
/// Thread-safety: id(), name(), set_name(), request_stop(), stop_requests(), uncancel() and waits_for() may
/// be called from any thread; the rest belongs to the task itself.
class HEDDLE_API task_context {
 public:
    /// Of a child of the current task, whose inherited locals it copies. @throws what copying them throws.
    task_context();
    explicit task_context(std::string name);
    /// Of a child of `parent`, which is not running meanwhile unless it calls this; of nobody if that is
    /// null. @throws what copying the inherited locals throws.
    explicit task_context(const task_context* parent);
    ~task_context() { end_locals(); }
    task_context(const task_context&) = delete;
    task_context& operator=(const task_context&) = delete;

    /// A number that no other task of this process has or had.
    std::uint64_t id() const noexcept { return id_; }
    /// The name given, empty if none.
    std::string name() const;
    void set_name(std::string name);
    /// Copies the start of the name, up to `room` bytes, to `to`. Async-signal-safe: nothing is copied if the
    /// name is being read or changed at this moment. @return how many bytes
    std::size_t copy_name(char* to, std::size_t room) const noexcept;

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
    /// Takes a delivery back: the request waits for the next point. For a wait that was cancelled, and turned
    /// out to have been granted before.
    void deliver_again() noexcept { pending_.store(true, std::memory_order_relaxed); }

    /// From now on `listener`, null for none, is told of each request; until end_locals().
    void listen(stop_listener* listener) noexcept;

    /// Announces the waiter, which a request must end if that is observed. @return false, and delivers, if
    /// one is observed and pending already; then there is nothing to end.
    bool begin_wait(waiter& w, const void* address, cancellation mode = cancellation::observed) noexcept;
    /// Ends what begin_wait() began; on return no canceller holds the waiter any more.
    void end_wait(wait_outcome outcome) noexcept;
    /// What it waits for now, if it does; for diagnosis.
    std::optional<wait_site> waits_for() const;

    /// Its values of local<T>. The task's own, but see task_locals.
    task_locals& locals() noexcept { return locals_; }
    /// Destroys them, as the end of the task; done by the destructor at the latest.
    void end_locals() noexcept {
        if (!locals_.empty()) [[unlikely]]
            destroy_locals();
        if (listener_.load(std::memory_order_relaxed) != nullptr) [[unlikely]]
            listen(nullptr);
    }

    // A part of a task that runs elsewhere, under an identity of its own: requests to the task reach it too.

    /// `part` begins; `key` names it for stop_part().
    void begin_part(task_context& part, const void* key) noexcept;
    /// It has ended.
    void end_part(task_context& part) noexcept;
    /// Asks the part that began with `key`, if it has not ended.
    void stop_part(const void* key) noexcept;
    /// As request_stop(), by a part that has failed.
    part_request request_stop_by_part() noexcept;
    /// Takes that back, unless uncancel() has done so; what others asked for since, or before, and was not
    /// seen, stays to be delivered.
    void withdraw_request(const part_request& made) noexcept;

 private:
    void destroy_locals() noexcept;
    void request_locked() noexcept;
    template <class F> void with_waiter(std::uintptr_t wanted, F f) const noexcept;

    const std::uint64_t id_;
    mutable word_lock name_lock_;
    std::string name_;
    // Order: before a bucket's.
    mutable word_lock lock_;
    // The waiter, and whether a request ends its wait. Who looks at the waiter from outside holds lock_ and
    // has marked the word; who finds that mark when the wait is over passes through lock_ before the waiter
    // goes away. So nobody holds a dead one, and a wait at which nobody looks takes no lock.
    mutable std::atomic<std::uintptr_t> waiting_{0};
    static constexpr std::uintptr_t looked_at = 1;
    static constexpr std::uintptr_t cancellable = 2;
    // The parts that run elsewhere, newest first; guarded by lock_, which comes before theirs.
    task_context* parts_ = nullptr;
    task_context* next_part_ = nullptr;  // of the task that this one is a part of; guarded by its lock
    const void* part_key_ = nullptr;
    std::atomic<stop_listener*> listener_{nullptr};  // guarded by lock_; read without it by the task
    std::atomic<unsigned> requests_{0};
    unsigned by_parts_ = 0;  // of those requests; guarded by lock_
    // A canceller sets this and then loads waiting_; who begins a wait stores waiting_ and then loads this,
    // the last time under the bucket's lock, while he queues. Either the waiter is seen, or the request; and
    // a waiter that is seen and not queued yet sees the request there, as the canceller passes through that
    // lock. For this the stores must come before the loads: all four are seq_cst, but that of waiting_ on
    // x86-64, where the compare-and-swap that takes the lock is a full barrier, and a second one for each
    // wait would cost as much again.
    std::atomic<bool> pending_{false};
    task_locals locals_;
};

/// The task that is running now. Not inlined and not cached by the compiler: a fiber may have changed
/// threads.
HEDDLE_API task_context& current_task() noexcept;
/// As current_task().id(), and faster.
HEDDLE_API std::uint64_t current_task_id() noexcept;

/// Makes `context` the current task until the end of the scope; null restores the thread's own.
class HEDDLE_API task_scope {
 public:
    explicit task_scope(task_context* context) noexcept;
    ~task_scope();
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

 private:
    task_context* outer_;
    std::uint64_t outer_id_;
};

}  // namespace heddle::inline v0::rt
