// SPDX-License-Identifier: BSL-1.0
#pragma once

// park() for coroutines: an awaitable that queues the coroutine in the parking lot. Deadlines and
// cancellation work on every awaitable of heddle because they are written once, here.

#include <coroutine>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/timer.hpp>
#include <heddle/rt/waiter.hpp>
#include <utility>

namespace heddle::inline v0::rt {

class worker;
class task_context;

/// The waiter that stands for a suspended coroutine: resumed by the worker and under the task on which it
/// suspended.
class HEDDLE_API coroutine_waiter : private waiter, private runnable, private timer {
 public:
    coroutine_waiter() noexcept;
    /// As leave().
    ~coroutine_waiter() { leave(); }

    /// True if there is a stop request to deliver, and then suspend() must not be called. @throws
    /// invalid_state outside a worker.
    bool begin(const void* address, cancellation mode);
    /// Queues; false if `validate()` said that there is nothing to wait for.
    bool suspend(std::coroutine_handle<> h, const void* address, function_ref<bool()> validate,
                 deadline until);
    /// After resumption, or instead of it: how the wait ended.
    wait_outcome end() noexcept;

    using waiter::set_subject;
    using waiter::set_tag;
    using waiter::token;

 protected:
    /// Called when the wait has ended, on the worker and under the task of the coroutine, in place of
    /// resuming it. True if it waits again, after end(), begin() and suspend(); false resumes it.
    using next_function = bool (*)(coroutine_waiter&) noexcept;
    explicit coroutine_waiter(next_function next) noexcept;

    std::coroutine_handle<> handle() const noexcept { return handle_; }

    /// The frame of the coroutine is being destroyed: if it waits, gives that up, and ends the program with a
    /// message where it is too late for that. @return whether it has waited.
    bool leave() noexcept {
        if (!announced_) [[likely]]
            return false;
        give_up();
        return true;
    }

 private:
    static void on_wake(waiter& w, wait_outcome outcome) noexcept;
    static void on_run(runnable& r) noexcept;
    static void on_timeout(timer& t) noexcept;
    [[gnu::cold]] void give_up() noexcept;

    std::coroutine_handle<> handle_;
    next_function next_ = nullptr;
    worker* home_ = nullptr;
    task_context* task_ = nullptr;
    wait_outcome outcome_ = wait_outcome::invalid;
    bool announced_ = false;
    bool observed_ = false;
};

/// Awaitable: suspends the coroutine under `address` until unparked, `until`, or (if observed) cancellation.
///
/// `validate` is called under the bucket's lock and says whether to wait. `co_await` gives the wait_outcome;
/// token() is valid after granted.
template <class Validate> class async_park {
 public:
    async_park(const void* address, Validate validate, deadline until = deadline::never(),
               cancellation mode = cancellation::observed)
        : address_(address),
          validate_(std::move(validate)),
          until_(until),
          mode_(mode) {}

    bool await_ready() { return waiter_.begin(address_, mode_); }
    bool await_suspend(std::coroutine_handle<> h) { return waiter_.suspend(h, address_, validate_, until_); }
    wait_outcome await_resume() noexcept { return waiter_.end(); }
    /// See waiter::set_subject(); before it is awaited.
    void set_subject(const char* kind, const char* name = nullptr) noexcept {
        waiter_.set_subject(kind, name);
    }
    std::uintptr_t token() const noexcept { return waiter_.token(); }

 private:
    coroutine_waiter waiter_;
    const void* address_;
    Validate validate_;
    deadline until_;
    cancellation mode_;
};

}  // namespace heddle::inline v0::rt
