// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <heddle/rt/error.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/task/completion_queue.hpp>
#include <heddle/task/future_state.hpp>
#include <mutex>
#include <utility>

namespace heddle::inline v0::detail {

void completion_queue::reserve(std::size_t capacity) {
    if (capacity <= ring_.size()) return;  // only this thread changes it
    std::vector<std::size_t> larger(std::max(capacity, 2 * ring_.size()));
    std::lock_guard guard(lock_);
    const std::size_t n = available_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < n; ++i) larger[i] = ring_[(first_ + i) % ring_.size()];
    first_ = 0;
    ring_.swap(larger);
}

void completion_queue::push(std::size_t index) noexcept {
    {
        std::lock_guard guard(lock_);
        const std::size_t n = available_.load(std::memory_order_relaxed);
        ring_[(first_ + n) % ring_.size()] = index;
        available_.store(n + 1, std::memory_order_release);
    }
    rt::parking_lot::unpark_all(&available_);
}

std::optional<std::size_t> completion_queue::try_pop() noexcept {
    std::lock_guard guard(lock_);
    const std::size_t n = available_.load(std::memory_order_relaxed);
    if (n == 0) return std::nullopt;
    available_.store(n - 1, std::memory_order_relaxed);
    return ring_[std::exchange(first_, (first_ + 1) % ring_.size())];
}

std::optional<std::size_t> completion_queue::pop(rt::deadline until) {
    if (empty()) future_state::call_put_off();
    const auto nothing_new = [this] { return empty(); };
    while (nothing_new()) {
        const auto outcome = rt::park(&available_, nothing_new, until, rt::cancellation::observed);
        if (outcome == rt::wait_outcome::cancelled) throw cancelled();
        if (outcome == rt::wait_outcome::timed_out && nothing_new()) return std::nullopt;
    }
    return try_pop();
}

}  // namespace heddle::inline v0::detail
