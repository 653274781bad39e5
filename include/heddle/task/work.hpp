// SPDX-License-Identifier: BSL-1.0
#pragma once

// A submitted task: closure, result and state in one allocation, and what an executor needs to run it.
// Internal.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <heddle/rt/config.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/fork_context.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/task_memory.hpp>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace heddle::inline v0::detail {

/// What an executor queues. It holds one reference to itself until it has run or been given up.
class HEDDLE_API work : public rt::runnable {
 public:
    using rt::runnable::runnable;

    /// Withdraws it, if it has not begun; its future says cancelled. It must not be run afterwards.
    virtual void give_up() noexcept = 0;
    /// Fails it without running it, if it has not begun. It must not be run afterwards.
    virtual void give_up(std::exception_ptr why) noexcept = 0;
    /// The task as which it runs, to be named before it is queued; null if it has none here.
    virtual rt::task_context* context() noexcept { return nullptr; }

    /// The executor in whose queue it is or will be at once, null for one without a queue. Only compared.
    // release, and acquire in may_run_here(): who holds the future of a task that is queued later, see
    // then(), may look while it is being queued.
    void set_owner(const void* owner) noexcept { owner_.store(owner, std::memory_order_release); }

 protected:
    ~work() = default;

    /// Whether the task that asks is one of the same pool, with enough stack left to run this one on top.
    bool may_run_here() const noexcept;

 private:
    std::atomic<const void*> owner_{nullptr};
};

/// For what takes any executor that has a queue of its own in this process.
struct executor_access {
    /// Queues `w`, or gives it up and throws.
    template <class E> static auto enqueue(E& e, work& w) -> decltype(e.enqueue(w)) { return e.enqueue(w); }
};

/// The result type of a submitted call, with the reasons why some are refused.
template <class F, class... Args> struct call_result {
    static_assert(
        std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
        "the callable cannot be called with these arguments; they are copied, and passed as rvalues "
        "(wrap a reference in std::ref, whose lifetime is yours to see to)");
    using type = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
    static_assert(!std::is_reference_v<type>,
                  "a task returns a value: return a pointer or a copy in place of a reference");
};

/// A call and its arguments.
template <class F, class... Args> struct closure {
    closure(F&& f, std::tuple<Args...>&& a) : function(std::move(f)), arguments(std::move(a)) {}
    closure(const F& f, std::tuple<Args...>&& a) : function(f), arguments(std::move(a)) {}
    F function;
    std::tuple<Args...> arguments;
};

template <class R, class F, class... Args>
class submitted final : public result_state<R>,
                        public work,
                        public in_blocks<std::max({alignof(F), alignof(typename result_state<R>::stored),
                                                   alignof(std::tuple<Args...>)})> {
 public:
    template <class G, class... Given>
    explicit submitted(G&& f, Given&&... args)
        : work(&on_run),
          call_(std::in_place, std::forward<G>(f), std::tuple<Args...>(std::forward<Given>(args)...)) {}

    void request_stop() noexcept override { context_.request_stop(); }
    rt::task_context* context() noexcept override { return &context_; }
    void give_up() noexcept override {
        if (this->cancel()) call_.reset();  // otherwise one that waits for it runs it
        this->release();
    }
    void give_up(std::exception_ptr why) noexcept override {
        if (this->try_start()) {
            call_.reset();
            this->fail(std::move(why));
        } else if (this->status() == future_status::cancelled) {
            call_.reset();
        }
        this->release();
    }

 private:
    static void on_run(rt::runnable& r) noexcept {
        auto& self = static_cast<submitted&>(static_cast<work&>(r));
        if (self.try_start())
            self.run();
        else if (self.status() == future_status::cancelled)
            self.call_.reset();  // withdrawn: handles may live on, what the task held does not
        self.release();
    }

    bool run_here() noexcept override {
        if (!this->may_run_here() || !this->try_start()) return false;
        const fork_mark here;
        run();
        return true;
    }

    void run() noexcept {
        rt::task_scope scope(&context_);
        // The closure and the task's locals go before the result is announced: whoever has the result finds
        // nothing of the task alive.
        try {
            if constexpr (std::is_void_v<R>) {
                std::apply(std::move(call_->function), std::move(call_->arguments));
                end();
                this->set_value();
            } else {
                R result = std::apply(std::move(call_->function), std::move(call_->arguments));
                end();
                this->set_value(std::move(result));
            }
        } catch (...) {
            end();
            this->fail(std::current_exception());
        }
    }

    void end() noexcept {
        call_.reset();
        context_.end_locals();
    }

    rt::task_context context_;
    std::optional<closure<F, Args...>> call_;
};

/// Makes a task of a call. The executor owns one reference, the future another.
template <class F, class... Args> auto make_work(F&& f, Args&&... args) {
    using R = typename call_result<F, Args...>::type;
    using S = submitted<R, std::decay_t<F>, std::decay_t<Args>...>;
    struct made {
        work* task;
        heddle::future<R> future;
    };
    auto* s = new S(std::forward<F>(f), std::forward<Args>(args)...);
    s->retain_new();
    return made{s, future_access::make<R>(state_ref<result_state<R>>::adopt(s))};
}

}  // namespace heddle::inline v0::detail
