// SPDX-License-Identifier: BSL-1.0
#pragma once

// Ordinary code run on a fiber by a worker: where a thread would block, the fiber is suspended and the worker
// goes on with something else. Every wait in heddle does that by itself, because park() looks for the fiber
// task it runs in.

#include <functional>
#include <heddle/rt/config.hpp>
#include <heddle/rt/fiber.hpp>
#include <heddle/rt/fiber_host.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/task_context.hpp>

namespace heddle::inline v0::rt {

class worker;

/// A computation with a stack of its own that a host runs. Where it goes on after a wait is the host's
/// affair: a worker runs its fibers itself, a pool on whichever worker is free.
class HEDDLE_API fiber_task : private runnable {
 public:
    /// Makes `body` ready to run on `home`, under a task identity of its own. It owns itself and goes away
    /// when `body` returns; an exception that leaves `body` ends the program. @throws std::system_error,
    /// std::bad_alloc
    static void start(worker& home, fiber_options options, std::function<void()> body);

    /// The fiber task that is running, null outside one. Not inlined: a fiber may have changed threads.
    static fiber_task* current() noexcept;

    /// The worker that runs it now. For the fiber itself.
    worker& home() const noexcept { return *home_; }
    fiber_host& host() const noexcept { return host_; }

    /// What park() calls, before anything is known of the wait: see leaving().
    void begin_wait() noexcept { leaving(); }
    /// Suspends the running fiber task; `after(argument)` is called once its stack is no longer in use.
    void suspend(void (*after)(void*) noexcept, void* argument) noexcept;
    /// Makes a suspended one ready again. Any thread; once for each suspend().
    void resume() noexcept;

    /// While it is pinned it goes on on the worker on which it is. For the fiber itself; as often unpinned as
    /// pinned.
    void pin() noexcept { ++pins_; }
    void unpin() noexcept { --pins_; }
    bool pinned() const noexcept { return pins_ != 0; }

    /// What the futures that are completed on this stack keep there, see task/; null at first. For the fiber
    /// itself.
    void*& completing() noexcept { return completing_; }

 protected:
    /// body() runs on the fiber when it is first made ready. @throws std::system_error
    fiber_task(fiber_host& host, fiber_options options);
    virtual ~fiber_task() = default;

    virtual void body() = 0;
    /// Called on the stack of the worker before the fiber goes on, and when body() has returned. The latter
    /// may delete it.
    virtual void entering() noexcept {}
    virtual void ended() noexcept = 0;
    /// Called on the fiber when it is going to wait. May wait itself.
    virtual void leaving() noexcept {}

    /// What a worker runs to go on with it.
    runnable& step() noexcept { return *this; }
    static bool is_step(const runnable& r) noexcept { return r.runs(&on_run); }
    static fiber_task& of_step(runnable& r) noexcept { return static_cast<fiber_task&>(r); }

    /// Under which task it goes on; null for the worker's own. For the fiber itself.
    void set_task(task_context* task) noexcept { resume_as_ = task; }
    /// What its forks are kept in, see task/; null if it cannot fork.
    void set_forks(void* forks) noexcept { forks_ = forks; }
    /// As fiber::trim(); of one that rests.
    void trim_stack() noexcept { fiber_.trim(); }
    /// Suspends the fiber, which is then in no wait: whoever holds it makes it ready by step().
    static void rest(void (*after)(void*) noexcept, void* argument) noexcept {
        fiber::suspend(after, argument);
    }

 private:
    static void on_run(runnable& r) noexcept;

    fiber_host& host_;
    worker* home_ = nullptr;  // written before it goes on, by the one thread that may resume it
    unsigned pins_ = 0;
    task_context* resume_as_ = nullptr;  // a task run in place may be current when it is suspended
    void* forks_ = nullptr;
    void* completing_ = nullptr;
    fiber fiber_;
};

}  // namespace heddle::inline v0::rt
