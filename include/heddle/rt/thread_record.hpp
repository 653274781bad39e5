// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is known of a thread: its identity as a task, its number in the system, how far it has come, and its
// place in the list of those that heddle started. heddle::thread and the registry of threads are made of it.

#include <sys/types.h>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/config.hpp>
#include <heddle/rt/task_context.hpp>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace heddle::inline v0::rt {

/// A thread, by whatever started it; kept while somebody refers to it, also when the thread has ended.
///
/// Invariant: a record is in the list of the process from enter() to leave(), in the order of enter(). The
/// list, of all copies of heddle, changes under one lock.
class HEDDLE_API thread_record : public std::enable_shared_from_this<thread_record> {
 public:
    enum phase : std::uint32_t { created, running, finished, phase_mask = 3, parked_bit = 4 };

    /// One that is to be started. @throws std::bad_alloc
    explicit thread_record(std::string name);

    task_context context;  ///< what is current in the thread while it runs no other task
    bool daemon = false;   ///< the end of its owner is not its own; written before the start
    /// What its function may ask; only of threads that are given one.
    std::stop_source stop{std::nostopstate};
    /// Asks the thread's own task to stop, and says so to `stop`.
    void request_stop() noexcept {
        stop.request_stop();  // first: whom the request wakes finds that the token says so
        context.request_stop();
    }

    /// Of the calling thread; made for a thread that heddle did not start. @throws std::bad_alloc
    static std::shared_ptr<thread_record> current();
    /// Of the main thread; in the child of a fork, of the one that went on.
    static std::shared_ptr<thread_record> main();
    /// Those alive that heddle started, and the main thread: that first, the others in the order in which
    /// they were started.
    static std::vector<std::shared_ptr<thread_record>> all();
    static std::size_t count() noexcept;
    /// Of a thread that heddle did not start, by itself, when it is first asked for.
    static std::shared_ptr<thread_record> of_foreign_thread();
    /// "thread-1", "thread-2", …
    static std::string next_name();

    /// Puts it in the list, before the thread is started; leave() takes it out.
    void enter() noexcept;
    void leave() noexcept;
    /// The thread itself, first thing: it is this one, and its task is `context`.
    void begin() noexcept;
    /// The thread itself, last thing: it has finished. Destroys the locals and wakes those who wait at
    /// address().
    void end() noexcept;

    /// 0 before the start.
    pid_t native_id() const noexcept { return native_id_.load(std::memory_order_acquire); }
    // acquire: what the thread did is seen by those who see that it has finished.
    phase now() const noexcept { return static_cast<phase>(state_.load(std::memory_order_acquire) & phase_mask); }
    bool over() const noexcept { return now() == finished; }
    /// Where those wait who wait for its end, and under the lock of that bucket: whether to wait.
    const void* address() const noexcept { return &state_; }
    bool must_wait() noexcept;
    /// From created to running, or back if it could not be started; false if it was not there.
    bool step(phase from, phase to) noexcept;

 private:
    friend struct thread_list;

    std::atomic<std::uint32_t> state_{created};
    std::atomic<pid_t> native_id_{0};
    bool listed_ = false;
    thread_record* next_ = nullptr;
    thread_record* prev_ = nullptr;
};

/// What a thread does at the moment, as far as the system tells.
struct thread_activity {
    enum kind {
        unknown,   ///< it has gone, or the system does not tell
        runnable,  ///< it waits for a CPU
        running,   ///< it is on a CPU
        blocked,   ///< it waits in the system
        stopped,   ///< by a signal or a debugger
    };
    kind what = unknown;
    std::string in;  ///< where it waits in the system: "read", "poll", "system call 202", …
};

/// Looks at the thread `native_id` of this process. Complexity: reads files under /proc.
HEDDLE_API thread_activity activity_of(pid_t native_id);

}  // namespace heddle::inline v0::rt
