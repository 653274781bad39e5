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
    std::int64_t word = latch_.word_.load(std::memory_order_acquire);
    do {
        if (latch::passable(word)) {
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

static std::int64_t checked(std::ptrdiff_t expected, std::ptrdiff_t most) {
    if (expected < 0) throw std::invalid_argument("a latch that expects less than 0");
    if (expected > most) throw std::invalid_argument("a latch that expects too many");
    return expected;
}

latch::latch(std::ptrdiff_t expected) : word_(checked(expected, most) * one) {}

void latch::count_down_by(std::ptrdiff_t n) {
    if (n < 0) throw std::invalid_argument("a latch is counted down by less than 0");
    if (n == 0) return;
    std::int64_t word = word_.load(std::memory_order_relaxed);
    do {
        if (n > (word >> 1)) throw invalid_state("a latch is counted down below zero");
    } while (!word_.compare_exchange_weak(word, word - n * one, std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
    if (word - n * one == parked_bit) let_all_through();
}

void latch::reached(std::int64_t left) {
    if (left < 0) {
        word_.fetch_add(one, std::memory_order_relaxed);
        throw invalid_state("a latch is counted down below zero");
    }
    if (left == parked_bit) let_all_through();
}

void latch::let_all_through() noexcept {
    rt::parking_lot::unpark_chosen(this, [this](rt::parked& queue) {
        for (rt::waiter* w = queue.first(); w != nullptr;) {
            rt::waiter* const next = queue.next(*w);
            queue.take(*w, let_through);
            w = next;
        }
        // Who sees this may destroy the latch at once. release: the steps before this one.
        word_.fetch_sub(parked_bit, std::memory_order_release);
    });
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
