// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/latch.hpp>
#include <stdexcept>

namespace heddle::inline v0 {

namespace detail {

latch_wait::latch_wait(latch& l, rt::deadline until, std::ptrdiff_t arrive) noexcept
    : operation(&l, until, rt::cancellation::observed),
      latch_(l),
      arrive_(arrive) {}

bool latch_wait::ready() {
    if (arrive_ != 0) latch_.count_down(arrive_);
    return granted_ = latch_.try_wait();
}

bool latch_wait::validate() noexcept {
    std::uint64_t word = latch_.word_.load(std::memory_order_acquire);
    do {
        if (word < latch::one) {
            granted_ = true;
            return false;
        }
    } while (!latch_.word_.compare_exchange_weak(word, word | latch::parked_bit, std::memory_order_relaxed,
                                                 std::memory_order_acquire));
    return true;
}

bool latch_wait::ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
    if (outcome == rt::wait_outcome::granted) return granted_ = token == latch::let_through;
    cancelled_ = outcome == rt::wait_outcome::cancelled;
    return true;
}

}  // namespace detail

latch::latch(std::ptrdiff_t expected) : word_(static_cast<std::uint64_t>(expected) * one) {
    if (expected < 0) throw std::invalid_argument("a latch that expects less than 0");
}

void latch::count_down(std::ptrdiff_t n) {
    if (n < 0) throw std::invalid_argument("a latch is counted down by less than 0");
    const std::uint64_t step = static_cast<std::uint64_t>(n) * one;
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (;;) {
        if (static_cast<std::uint64_t>(n) > word / one)
            throw invalid_state("a latch is counted down below zero");
        if (word - step == parked_bit) break;
        if (word_.compare_exchange_weak(word, word - step, std::memory_order_release,
                                        std::memory_order_relaxed))
            return;
    }
    // The last step, and somebody waits. Those who pass may destroy the latch: the word is changed last.
    bool again = false;
    rt::parking_lot::unpark_chosen(this, [&](rt::parked& queue) {
        if (word_.load(std::memory_order_relaxed) / one != static_cast<std::uint64_t>(n)) {
            again = true;  // others have counted down at the same time
            return;
        }
        for (rt::waiter* w = queue.first(); w != nullptr;) {
            rt::waiter* const next = queue.next(*w);
            queue.take(*w, let_through);
            w = next;
        }
        // acquire as well: those who are woken see what every arrival did through this one.
        word_.exchange(0, std::memory_order_acq_rel);
    });
    if (again) count_down(n);  // reports that it goes below zero, or is not the last any more
}

bool latch::wait_slow(rt::deadline until) {
    if (detail::here() == detail::suspends::no && !until.expired()) {
        auto s = detail::spinner::patient();
        while (s.again())
            if (try_wait()) return true;
    }
    detail::latch_wait op(*this, until);
    detail::wait_here(op);
    if (op.cancelled()) throw cancelled();
    return op.granted();
}

}  // namespace heddle::inline v0
