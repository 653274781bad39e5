// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/exception_hook.hpp>
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/semaphore.hpp>

namespace heddle::inline v0::detail {

permits::permits(std::ptrdiff_t count) : word_(static_cast<std::uint64_t>(count) * one) {
    if (count < 0) throw std::invalid_argument("a semaphore of less than 0 permits");
    if (count > most) throw std::invalid_argument("a semaphore of too many permits");
}

bool permits::take_slow(rt::deadline until) {
    if (here() == suspends::no && !until.expired()) {
        spinner s = spinner::patient();
        do {
            if (try_take()) return true;
        } while ((word_.load(std::memory_order_relaxed) & parked_bit) == 0 && s.again());
    }
    permit_acquire op(*this, until);
    wait_here(op);
    if (op.cancelled()) throw cancelled();
    return op.granted();
}

void permits::give_slow(std::ptrdiff_t n, std::ptrdiff_t bound) {
    if (n < 1) throw std::invalid_argument("release of less than 1 permit");
    bool too_many = false;
    rt::parking_lot::unpark_chosen(this, [&](rt::parked& queue) {
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        if (n > bound - static_cast<std::ptrdiff_t>(word / one)) {
            too_many = true;
            return;
        }
        auto left = static_cast<std::uint64_t>(n);
        rt::waiter* w = queue.first();
        while (w != nullptr && left > 0) {
            rt::waiter* const next = queue.next(*w);
            queue.take(*w, handed_over);
            --left;
            w = next;
        }
        const std::uint64_t rest = left * one + (w != nullptr ? parked_bit : 0);
        // Where somebody waits there is no permit, and all others leave the word alone: no permit of who gave
        // before is in it. release: as give().
        if ((word & parked_bit) != 0) {
            word_.store(rest, std::memory_order_release);
            return;
        }
        // Nobody waits; meanwhile others may take permits, and give them.
        while (!word_.compare_exchange_weak(word, word + rest, std::memory_order_release,
                                            std::memory_order_relaxed))
            if (n > bound - static_cast<std::ptrdiff_t>(word / one)) {
                too_many = true;
                return;
            }
    });
    if (too_many) throw invalid_state("a semaphore is released more often than it was acquired");
}

bool permit_acquire::validate() noexcept {
    std::uint64_t word = permits_.word_.load(std::memory_order_relaxed);
    for (;;) {
        if (word >= permits::one) {
            if (permits_.word_.compare_exchange_weak(word, word - permits::one, std::memory_order_acquire,
                                                     std::memory_order_relaxed)) {
                taken_ = true;
                return false;
            }
        } else if ((word & permits::parked_bit) != 0 ||
                   permits_.word_.compare_exchange_weak(word, word | permits::parked_bit,
                                                        std::memory_order_relaxed)) {
            return true;
        }
    }
}

bool permit_acquire::ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
    if (outcome == rt::wait_outcome::granted) return taken_ = token == permits::handed_over;
    cancelled_ = outcome == rt::wait_outcome::cancelled;
    return true;
}

void permit::give_back() noexcept {
    try {
        release();
    } catch (...) {
        rt::report_exception(std::current_exception(), "a permit could not be given back");
    }
}

}  // namespace heddle::inline v0::detail
