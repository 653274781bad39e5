// SPDX-License-Identifier: BSL-1.0
#pragma once

// Ordinary code run on a fiber by a worker: where a thread would block, the fiber is suspended and the worker
// goes on with something else. Every wait in heddle does that by itself, because park() looks for the fiber
// task it runs in.

#include <functional>
#include <heddle/rt/config.hpp>
#include <heddle/rt/fiber.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/task_context.hpp>
#include <utility>

namespace heddle::inline v0::rt {

class worker;

/// A task with a stack of its own. It stays on the worker that started it.
class HEDDLE_API fiber_task : private runnable {
 public:
    /// Makes `body` ready to run on `home`, under a task identity of its own. It owns itself and goes away
    /// when `body` returns; an exception that leaves `body` ends the program. @throws std::system_error,
    /// std::bad_alloc
    static void start(worker& home, fiber_options options, std::function<void()> body);

    /// The fiber task that is running, null outside one.
    static fiber_task* current() noexcept;

    worker& home() const noexcept { return home_; }
    /// Suspends the running fiber task; `after(argument)` is called once its stack is no longer in use.
    void suspend(void (*after)(void*) noexcept, void* argument) noexcept;
    /// Makes a suspended one ready again. Any thread; once for each suspend().
    void resume() noexcept;

 private:
    fiber_task(worker& home, fiber_options options, std::function<void()> body);
    static void on_run(runnable& r) noexcept;

    worker& home_;
    std::function<void()> body_;
    task_context context_;
    task_context* resume_as_ = &context_;  // a task run in place may be current when the fiber is suspended
    fiber fiber_;
};

}  // namespace heddle::inline v0::rt
