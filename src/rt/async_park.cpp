// SPDX-License-Identifier: BSL-1.0
#include <cstdio>
#include <cstdlib>
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

// Only who is still queued can be taken back. Who has been granted what it waited for, or has timed out, is
// in the queue of its worker, which would resume what is no more. The timers belong to the worker's thread.
void coroutine_waiter::give_up() noexcept {
    const bool timed = armed();
    const char* problem = nullptr;
    if (timed && worker::current() != home_)
        problem = "with a limit, and not on the thread of its worker";
    else if (!parking_lot::withdraw(*this))
        problem = "and is about to go on";
    if (problem != nullptr) {
        std::fprintf(stderr, "heddle: the frame of a coroutine is destroyed while it waits for %s, %s\n",
                     kind_name() != nullptr ? kind_name() : "something", problem);
        std::abort();
    }
    if (timed) home_->remove_timer(*this);
    task_->end_wait(wait_outcome::invalid);  // a request to stop has not been delivered
    announced_ = false;
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
