// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/error.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/task/completion_queue.hpp>
#include <heddle/task/future_state.hpp>
#include <mutex>

namespace heddle::inline v0::detail {

void completion_queue::push(std::size_t index) noexcept {
    {
        std::lock_guard guard(lock_);
        order_.push_back(index);
        available_.store(order_.size(), std::memory_order_release);
    }
    rt::parking_lot::unpark_all(&available_);
}

std::optional<std::size_t> completion_queue::pop(rt::deadline until) {
    const auto nothing_new = [this] { return available_.load(std::memory_order_acquire) == taken_; };
    if (nothing_new()) future_state::call_put_off();
    while (nothing_new()) {
        const auto outcome = rt::park(&available_, nothing_new, until, rt::cancellation::observed);
        if (outcome == rt::wait_outcome::cancelled) throw cancelled();
        if (outcome == rt::wait_outcome::timed_out && nothing_new()) return std::nullopt;
    }
    std::lock_guard guard(lock_);
    return order_[taken_++];
}

}  // namespace heddle::inline v0::detail
