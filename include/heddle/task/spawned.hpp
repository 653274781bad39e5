// SPDX-License-Identifier: BSL-1.0
#pragma once

// A coroutine task that runs on its own: the state behind the future that spawn() gives, and the link by
// which a loop knows what is alive. Internal; event_loop spawns.

#include <coroutine>
#include <exception>
#include <heddle/rt/coroutine.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/task.hpp>
#include <utility>

namespace heddle::inline v0::detail {

class spawned;

/// Where spawned tasks are counted: told when one is over.
class HEDDLE_API spawn_scope {
 public:
    virtual void finished(spawned& s) noexcept = 0;

 protected:
    ~spawn_scope() = default;
};

/// The part of a spawned task that does not depend on its result. Posted to a worker to start.
class spawned : public rt::runnable {
 public:
    rt::task_context& context() noexcept { return context_; }

    // Links of the scope's list; the scope's to use.
    spawned* next_alive = nullptr;
    spawned* prev_alive = nullptr;
    bool asked = false;  // the scope's to use: it was asked to stop because the scope ends

 protected:
    spawned(rt::runnable::function start, spawn_scope& scope) : runnable(start), scope_(scope) {}
    ~spawned() = default;
    spawn_scope& scope() const noexcept { return scope_; }

 private:
    rt::task_context context_;
    spawn_scope& scope_;
};

/// A coroutine that owns itself: it is resumed to start and gone when it ends.
struct detached {
    struct promise_type {
        detached get_return_object() noexcept {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const noexcept { std::terminate(); }  // spawned_task catches everything
    };
    std::coroutine_handle<> handle;
};

template <class T> class spawned_task final : public result_state<T>, public spawned {
 public:
    /// All that it takes to run it is allocated here, so that it can be refused, and then starts without
    /// fail.
    spawned_task(task<T> t, spawn_scope& scope)
        : spawned(&on_start, scope),
          task_(std::move(t)),
          driver_(drive(this).handle) {}

    void request_stop() noexcept override { context().request_stop(); }

    /// For one that was refused and will not be started.
    void give_up() noexcept {
        driver_.destroy();
        this->cancel();
        this->release();
    }

 private:
    static void on_start(rt::runnable& r) noexcept {
        auto& self = static_cast<spawned_task&>(static_cast<spawned&>(r));
        rt::task_scope current(&self.context());
        rt::resume(self.driver_);
    }

    // Takes over the reference that belongs to the running task, when it is started.
    static detached drive(spawned_task* owner) {
        const auto self = state_ref<spawned_task>::adopt(owner);
        if (self->set_running()) {
            try {
                // A request that came before the first step: the body never runs.
                if (self->context().take_stop()) throw cancelled();
                if constexpr (std::is_void_v<T>) {
                    co_await std::move(self->task_);
                    self->context().end_locals();
                    self->set_value();
                } else {
                    // The coroutine's frame and the task's locals go before its result is announced: whoever
                    // has the result finds nothing of the task alive.
                    T value = co_await std::move(self->task_);
                    self->context().end_locals();
                    self->set_value(std::move(value));
                }
            } catch (...) {
                self->context().end_locals();
                self->fail(std::current_exception());
            }
        }
        self->task_ = {};
        self->scope().finished(*self);
    }

    task<T> task_;
    std::coroutine_handle<> driver_;
};

}  // namespace heddle::inline v0::detail
