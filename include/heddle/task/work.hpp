// SPDX-License-Identifier: BSL-1.0
#pragma once

// A submitted task: closure, result and state in one allocation, and what an executor needs to run it.
// Internal.

#include <functional>
#include <heddle/rt/config.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/future.hpp>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace heddle::inline v0::detail {

/// What an executor queues. It holds one reference to itself until it has run or been given up.
class work : public rt::runnable {
 public:
    using rt::runnable::runnable;

    /// Withdraws it; its future says cancelled. It must not be run afterwards.
    virtual void give_up() noexcept = 0;
    /// Fails it without running it. It must not be run afterwards.
    virtual void give_up(std::exception_ptr why) noexcept = 0;

 protected:
    ~work() = default;
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

template <class R, class F, class... Args> class submitted final : public result_state<R>, public work {
 public:
    template <class G, class... Given>
    explicit submitted(G&& f, Given&&... args)
        : work(&on_run),
          call_(std::in_place, std::forward<G>(f), std::tuple<Args...>(std::forward<Given>(args)...)) {}

    void request_stop() noexcept override { context_.request_stop(); }
    void give_up() noexcept override {
        call_.reset();
        this->cancel();
        this->release();
    }
    void give_up(std::exception_ptr why) noexcept override {
        call_.reset();
        if (this->set_running()) this->fail(std::move(why));
        this->release();
    }

 private:
    struct call {
        call(F&& f, std::tuple<Args...>&& a) : function(std::move(f)), arguments(std::move(a)) {}
        call(const F& f, std::tuple<Args...>&& a) : function(f), arguments(std::move(a)) {}
        F function;
        std::tuple<Args...> arguments;
    };

    static void on_run(rt::runnable& r) noexcept {
        auto& self = static_cast<submitted&>(static_cast<work&>(r));
        if (self.set_running())
            self.run();
        else
            self.call_.reset();  // withdrawn: handles may live on, what the task held does not
        self.release();
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
    std::optional<call> call_;
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
    return made{s, future_access::make<R>(state_ref<result_state<R>>::share(s))};
}

}  // namespace heddle::inline v0::detail
