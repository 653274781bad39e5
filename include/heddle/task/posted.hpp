// SPDX-License-Identifier: BSL-1.0
#pragma once

// A task whose result nobody wants: closure and what an executor needs to run it. Internal.

#include <algorithm>
#include <exception>
#include <heddle/task/task_memory.hpp>
#include <heddle/task/work.hpp>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

namespace heddle::inline v0::detail {

/// To the exception hook, unless it says that the task stopped because it was asked to.
HEDDLE_API void report_failed(const std::exception_ptr& error) noexcept;

/// What a child of the current task begins with; null if it inherits nothing.
/// @throws what copying the inherited values throws
HEDDLE_API std::unique_ptr<prepared_part> prepare_child();

/// What runs as a task that only the executor knows: it is nobody's to wait for or to withdraw, so it has no
/// state beside the closure. Its identity is made where it begins, but for the values that it inherits.
class HEDDLE_API posted_work : public work {
 public:
    explicit posted_work(function f) : work(f), inherited_(prepare_child()) {}
    void give_up() noexcept override { delete this; }
    void give_up(std::exception_ptr why) noexcept override {
        report_failed(why);
        delete this;
    }

 protected:
    virtual ~posted_work() = default;

    std::unique_ptr<prepared_part> inherited_;  // null if it inherits nothing
};

template <class F, class... Args>
class posted final : public posted_work,
                     public in_blocks<std::max(alignof(F), alignof(std::tuple<Args...>))> {
 public:
    template <class G, class... Given>
    explicit posted(G&& f, Given&&... args)
        : posted_work(&on_run),
          call_(std::in_place, std::forward<G>(f), std::tuple<Args...>(std::forward<Given>(args)...)) {}

 private:
    static void on_run(rt::runnable& r) noexcept {
        const std::unique_ptr<posted> self(&static_cast<posted&>(static_cast<work&>(r)));
        std::optional<rt::task_context> own;
        rt::task_context& context = self->inherited_ != nullptr
                                        ? self->inherited_->context
                                        : own.emplace(static_cast<const rt::task_context*>(nullptr));
        std::exception_ptr error;
        {
            const rt::task_scope scope(&context);
            try {
                std::apply(std::move(self->call_->function), std::move(self->call_->arguments));
            } catch (...) {
                error = std::current_exception();
            }
            self->call_.reset();
            context.end_locals();
        }
        if (error) report_failed(error);
    }

    std::optional<closure<F, Args...>> call_;
};

/// Makes a task of a call, to be queued by its executor.
template <class F, class... Args> work* make_posted(F&& f, Args&&... args) {
    static_assert(
        std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
        "the callable cannot be called with these arguments; they are copied, and passed as rvalues "
        "(wrap a reference in std::ref, whose lifetime is yours to see to)");
    return new posted<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(f),
                                                              std::forward<Args>(args)...);
}

}  // namespace heddle::inline v0::detail
