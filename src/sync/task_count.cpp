// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/task_count.hpp>

namespace heddle::inline v0::detail {

// Returns how many were left to be counted, of `n`.
std::uint64_t task_count::add(std::uint64_t n, put_count put) noexcept {
    // acquire: what was counted was put, and put() below is not to be from before that.
    std::uint64_t word = word_.load(std::memory_order_acquire);
    while ((word & parked_bit) == 0) {
        const std::uint64_t step = std::min(n, put() - word / one);
        if (word_.compare_exchange_weak(word, word + step * one, std::memory_order_acq_rel,
                                        std::memory_order_acquire))
            return step;
    }
    std::uint64_t step = 0;
    bool again = false;
    rt::parking_lot::unpark_chosen(this, [&](rt::parked& here) {
        const std::uint64_t before = word_.load(std::memory_order_acquire);
        if ((before & parked_bit) == 0) {
            again = true;  // another has let them through
            return;
        }
        const std::uint64_t all = put();
        step = std::min(n, all - before / one);
        const std::uint64_t now = before / one + step;
        if (now == all)
            for (rt::waiter* w = here.first(); w != nullptr;) {
                rt::waiter* const next = here.next(*w);
                here.take(*w, let_through);
                w = next;
            }
        // acquire as well: those who are woken see what was done before every step through this one. Who is
        // let through may destroy the queue: the word is changed last.
        word_.exchange(now * one + (now == all ? 0 : parked_bit), std::memory_order_acq_rel);
    });
    return again ? add(n, put) : step;
}

void task_count::done(put_count put) {
    if (add(1, put) == 0) throw invalid_state("task_done() for more items than were put");
}

void task_count::drop(std::uint64_t n, put_count put) noexcept {
    if (n > 0) add(n, put);
}

bool task_count::must_wait(put_count put) noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    do {
        if (word / one == put()) return false;
    } while (!word_.compare_exchange_weak(word, word | parked_bit, std::memory_order_relaxed,
                                          std::memory_order_acquire));
    return true;
}

bool task_count::wait(put_count put, rt::deadline until) {
    if (all_done(put)) return true;
    task_count_wait<put_count> op(*this, until, put);
    wait_here(op);
    return op.granted();
}

}  // namespace heddle::inline v0::detail
