// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/worker.hpp>
#include "process_wide.hpp"

namespace heddle::inline v0::rt {

fiber_task::fiber_task(worker& home, fiber_options options, std::function<void()> body)
    : runnable(&on_run),
      home_(home),
      body_(std::move(body)),
      context_(options.name),
      fiber_(
          std::move(options), [](void* self) { static_cast<fiber_task*>(self)->body_(); }, this) {}

void fiber_task::start(worker& home, fiber_options options, std::function<void()> body) {
    home.post(*new fiber_task(home, std::move(options), std::move(body)));
}

[[gnu::noinline]] fiber_task* fiber_task::current() noexcept {
    asm volatile("" ::: "memory");  // see worker::current()
    return detail::the_thread.running_fiber_task;
}

void fiber_task::suspend(void (*after)(void*) noexcept, void* argument) noexcept {
    resume_as_ = &current_task();
    fiber::suspend(after, argument);
}

void fiber_task::resume() noexcept {
    home_.post(*this);
}

void fiber_task::on_run(runnable& r) noexcept {
    auto& self = static_cast<fiber_task&>(r);
    task_scope scope(self.resume_as_);
    detail::the_thread.running_fiber_task = &self;
    // Suspended, it may be resumed elsewhere by now; only the home worker runs it, and that is busy here.
    const bool ended = self.fiber_.resume();
    detail::the_thread.running_fiber_task = nullptr;
    if (ended) delete &self;
}

}  // namespace heddle::inline v0::rt
