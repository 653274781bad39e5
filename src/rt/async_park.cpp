// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/coroutine.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/worker.hpp>

namespace heddle::inline v0::rt {

coroutine_waiter::coroutine_waiter() noexcept
    : waiter(waiter_kind::coroutine, &on_wake),
      runnable(&on_run),
      timer(&on_timeout) {}

coroutine_waiter::coroutine_waiter(next_function next) noexcept : coroutine_waiter() {
    next_ = next;
}

bool coroutine_waiter::begin(const void* address, cancellation mode) {
    home_ = worker::current();
    if (home_ == nullptr)
        throw invalid_state(
            "a coroutine can only wait on a worker: start it with heddle::run() or an event_loop");
    task_ = &current_task();
    set_task(task_);
    announced_ = false;
    outcome_ = wait_outcome::invalid;
    observed_ = mode == cancellation::observed;
    if (!task_->begin_wait(*this, address, mode)) {
        outcome_ = wait_outcome::cancelled;
        return true;
    }
    announced_ = true;
    return false;
}

bool coroutine_waiter::suspend(std::coroutine_handle<> h, const void* address, function_ref<bool()> validate,
                               deadline until) {
    handle_ = h;
    bool stopped = false;
    if (!until.is_never()) {
        try {
            home_->add_timer(*this, until.when());
        } catch (...) {
            end();  // no memory for the timer: the canceller must not keep a waiter that goes away
            throw;
        }
    }
    // From a successful enqueue on this object belongs to whoever wakes it. That is safe to outlive here,
    // because only this worker resumes it, and it is busy with us.
    const bool queued = parking_lot::enqueue(*this, address, [&] {
        stopped = observed_ && task_->stop_pending();
        return !stopped && validate();
    });
    if (queued) return true;
    outcome_ = stopped ? wait_outcome::cancelled : wait_outcome::invalid;
    return false;
}

wait_outcome coroutine_waiter::end() noexcept {
    home_->remove_timer(*this);
    if (announced_) task_->end_wait(outcome_);
    announced_ = false;
    return outcome_;
}

void coroutine_waiter::on_wake(waiter& w, wait_outcome outcome) noexcept {
    auto& self = static_cast<coroutine_waiter&>(w);
    self.outcome_ = outcome;
    self.home_->post(self);
}

void coroutine_waiter::on_run(runnable& r) noexcept {
    auto& self = static_cast<coroutine_waiter&>(r);
    task_scope scope(self.task_);
    if (self.next_ != nullptr && self.next_(self)) return;
    rt::resume(self.handle_);
}

void coroutine_waiter::on_timeout(timer& t) noexcept {
    auto& self = static_cast<coroutine_waiter&>(t);
    if (parking_lot::withdraw(self)) self.wake(wait_outcome::timed_out);
}

}  // namespace heddle::inline v0::rt
