// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/detail/queue_lock.hpp>
#include <heddle/sync/error.hpp>

namespace heddle::inline v0::detail {

bool queue_lock::accept_moved() noexcept {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    while ((state & locked_bit) != 0)
        if (state_.compare_exchange_weak(state, state | parked_bit, std::memory_order_relaxed)) return true;
    return false;
}

bool queue_lock_wait::ready() {
    if (!diagnosing_locks()) [[likely]]
        return taken_ = lock_->try_lock();
    diagnose_before(site(), !until().is_never());
    if ((taken_ = lock_->try_lock()))
        diagnose_locked(site());
    else
        diagnose_wait(site(), !until().is_never());
    return taken_;
}

bool queue_lock_wait::try_again() noexcept {
    if ((taken_ = lock_->try_lock()) && diagnosing_locks()) diagnose_locked(site());
    return taken_;
}

void queue_lock::unlock_slow(next_owner whom, const char* not_locked) {
    bool was_locked = false;
    rt::parking_lot::unpark_chosen(this, [&](rt::parked& queue) {
        if ((state_.load(std::memory_order_relaxed) & locked_bit) == 0) return;
        was_locked = true;
        rt::waiter* next = queue.first();
        if (next == nullptr) {
            state_.store(0, std::memory_order_release);
            return;
        }
        rt::waiter* const second = queue.next(*next);
        if (whom == next_owner::smallest_tag)
            for (rt::waiter* w = second; w != nullptr; w = queue.next(*w))
                if (w->tag() < next->tag()) next = w;
        queue.take(*next, handed_over);
        state_.store(locked_bit | (second != nullptr ? parked_bit : 0), std::memory_order_relaxed);
    });
    if (!was_locked) throw not_owner(not_locked);
}

bool queue_lock_wait::validate() noexcept {
    std::uint32_t state = lock_->state_.load(std::memory_order_relaxed);
    for (;;) {
        if (state == 0) {
            if (lock_->state_.compare_exchange_weak(state, queue_lock::locked_bit, std::memory_order_acquire,
                                                    std::memory_order_relaxed)) {
                taken_ = true;
                return false;
            }
        } else if ((state & queue_lock::parked_bit) != 0 ||
                   lock_->state_.compare_exchange_weak(state, state | queue_lock::parked_bit,
                                                       std::memory_order_relaxed)) {
            return true;
        }
    }
}

bool queue_lock_wait::ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
    if (outcome == rt::wait_outcome::granted) taken_ = token == queue_lock::handed_over;
    cancelled_ = outcome == rt::wait_outcome::cancelled;
    const bool over = taken_ || outcome != rt::wait_outcome::granted;
    if (over && diagnosing_locks()) [[unlikely]]
        taken_ ? diagnose_locked(site()) : diagnose_gave_up();
    return over;
}

}  // namespace heddle::inline v0::detail
