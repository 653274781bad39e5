// SPDX-License-Identifier: BSL-1.0
#pragma once

// The other end of a future, for results that do not come from an executor: callbacks of other libraries,
// replies on a wire. An executor of your own uses it too: set_running() tells whether the work was withdrawn
// meanwhile.

#include <exception>
#include <heddle/rt/error.hpp>
#include <heddle/task/future.hpp>
#include <utility>

namespace heddle::inline v0 {

/// Makes a future and completes it. One thread at a time; the future's handles may be anywhere. Throws:
/// invalid_state from every member of a promise that was moved from, but assignment and destruction.
template <class T = void> class promise {
 public:
    promise() : state_(detail::state_ref<detail::result_state<T>>::adopt(new state)) {}
    promise(promise&&) noexcept = default;
    promise& operator=(promise&& other) noexcept {
        abandon();
        state_ = std::move(other.state_);
        return *this;
    }
    /// Completes with an error if nothing was set and anybody has a handle or a callback.
    ~promise() { abandon(); }

    /// A handle on the result; may be called several times.
    future<T> get_future() const { return detail::future_access::make<T>(held()); }

    /// Whether there is a result, or it was cancelled.
    bool done() const { return held()->done(); }
    /// Withdraws it as a future's cancel() does.
    bool cancel() { return held()->cancel(); }

    /// Says that the work starts. @return false if the future was cancelled meanwhile. @throws invalid_state
    /// if it has begun or has a result
    bool set_running() { return held()->set_running(); }

    /// Completes with a value (none for void). @throws invalid_state if done or cancelled
    template <class... Args> void set_value(Args&&... args) {
        const auto kept = held();  // whoever gets the result may end this promise before we are through
        kept->set_value(std::forward<Args>(args)...);
    }
    /// Completes with an exception. @throws invalid_state if done or cancelled
    void set_exception(std::exception_ptr error) {
        const auto kept = held();
        kept->fail(std::move(error));
    }

 private:
    struct state final : detail::result_state<T> {};

    const detail::state_ref<detail::result_state<T>>& held() const {
        if (!state_) [[unlikely]]
            detail::throw_empty("promise");
        return state_;
    }

    void abandon() noexcept {
        if (!state_ || state_->done() || !state_->wanted()) return;
        try {
            const auto kept = state_;  // a callback may be the last to use it
            kept->fail(std::make_exception_ptr(error("the promise went away without a result")));
        } catch (const invalid_state&) {
            // cancelled in this very moment: that is a result
        }
    }

    detail::state_ref<detail::result_state<T>> state_;
};

}  // namespace heddle::inline v0
