// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/worker.hpp>
#include <utility>
#include "process_wide.hpp"

namespace heddle::inline v0::rt {

namespace {

// A function on a fiber of its own, under an identity of its own; it owns itself.
class started final : public fiber_task {
 public:
    started(worker& home, fiber_options options, std::function<void()> body)
        : fiber_task(home, options),
          body_(std::move(body)),
          context_(std::move(options.name)) {
        set_task(&context_);
        home.post(step());
    }

 private:
    void body() override { body_(); }
    void ended() noexcept override { delete this; }

    std::function<void()> body_;
    task_context context_;
};

}  // namespace

fiber_task::fiber_task(fiber_host& host, fiber_options options)
    : runnable(&on_run),
      host_(host),
      fiber_(std::move(options), [](void* self) { static_cast<fiber_task*>(self)->body(); }, this) {}

void fiber_task::start(worker& home, fiber_options options, std::function<void()> body) {
    new started(home, std::move(options), std::move(body));
}

[[gnu::noinline]] fiber_task* fiber_task::current() noexcept {
    asm volatile("" ::: "memory");  // see worker::current()
    return detail::the_thread.running_fiber_task;
}

void fiber_task::suspend(void (*after)(void*) noexcept, void* argument) noexcept {
    resume_as_ = &current_task();
    fiber::suspend(after, argument);
}

// The host sees to it that one that is pinned goes on on its worker.
void fiber_task::resume() noexcept {
    host_.make_ready(*this);
}

void fiber_task::on_run(runnable& r) noexcept {
    auto& self = static_cast<fiber_task&>(r);
    self.home_ = worker::current();
    self.entering();
    task_scope scope(self.resume_as_);
    detail::thread_state& thread = detail::the_thread;  // of the worker, which stays on its thread
    fiber_task* const outer = std::exchange(thread.running_fiber_task, &self);
    void* const outer_forks = std::exchange(thread.forks, self.forks_);
    // Suspended, it may run on another worker by now, or be gone.
    const bool ended = self.fiber_.resume();
    thread.running_fiber_task = outer;
    thread.forks = outer_forks;
    if (ended) self.ended();
}

}  // namespace heddle::inline v0::rt
