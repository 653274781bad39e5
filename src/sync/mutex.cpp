// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/mutex.hpp>

namespace heddle::inline v0 {

namespace detail {

mutex_lock::mutex_lock(mutex& m, rt::deadline until, rt::cancellation mode, suspends kind) noexcept
    : operation(&m, until, mode),
      mutex_(&m),
      kind_(kind) {}

bool mutex_lock::take() noexcept {
    std::uint32_t free = 0;
    return locked_ = mutex_->state_.compare_exchange_strong(
               free, mutex::locked_bit, std::memory_order_acquire, std::memory_order_relaxed);
}

const char* mutex_lock::name() const noexcept {
    return mutex_->name_.get();
}

lock_site mutex_lock::site() const noexcept {
    return {mutex_, kind(), name()};
}

bool mutex_lock::ready() {
    if (!diagnosing_locks()) [[likely]]
        return take();
    diagnose_before(site(), !until().is_never());
    if (take())
        diagnose_locked(site());
    else
        diagnose_wait(site(), !until().is_never());
    return locked_;
}

bool mutex_lock::try_again() noexcept {
    if (take() && diagnosing_locks()) diagnose_locked(site());
    return locked_;
}

// Under the bucket's lock. A suspended task takes the lock only if nobody is queued before it; a thread takes
// it whenever it is free.
bool mutex_lock::validate() noexcept {
    if (!take_or_queue()) return false;
    if (kind_ == suspends::no) rt::parking_lot::time_fairness(mutex_);  // a suspended task is handed the lock
    return true;
}

bool mutex_lock::take_or_queue() noexcept {
    std::uint32_t state = mutex_->state_.load(std::memory_order_relaxed);
    for (;;) {
        const bool free = (state & mutex::locked_bit) == 0;
        if (free && (state == 0 || kind_ == suspends::no)) {
            if (mutex_->state_.compare_exchange_weak(state, state | mutex::locked_bit,
                                                     std::memory_order_acquire, std::memory_order_relaxed)) {
                locked_ = true;
                return false;
            }
        } else {
            // Where parked_bit is set already, free or not, there is somebody who will look at the queue.
            // relaxed: the bit only has to be seen by the owner's compare-and-swap of the same word.
            if ((state & mutex::parked_bit) != 0) return true;
            if (mutex_->state_.compare_exchange_weak(state, state | mutex::parked_bit,
                                                     std::memory_order_relaxed))
                return true;
        }
    }
}

bool mutex_lock::ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
    switch (outcome) {
        case rt::wait_outcome::granted:
            if (token == mutex::handed_over) {
                locked_ = true;
            } else if (kind_ == suspends::no) {
                locked_ = mutex_->try_take() || mutex_->spin();
            }
            break;
        case rt::wait_outcome::cancelled:
            cancelled_ = true;
            break;
        default:
            break;  // invalid: validate() has locked; timed_out: it has not
    }
    const bool over = locked_ || outcome != rt::wait_outcome::granted;  // if not: once more to the queue
    if (over && diagnosing_locks()) [[unlikely]]
        locked_ ? diagnose_locked(site()) : diagnose_gave_up();
    return over;
}

}  // namespace detail

// Waits a moment for the owner to leave. Not behind others who sleep: they have waited for longer.
bool mutex::spin() noexcept {
    detail::spinner s = detail::spinner::sparing();
    do {
        std::uint32_t state = state_.load(std::memory_order_relaxed);
        if ((state & locked_bit) == 0) {
            if (state_.compare_exchange_weak(state, state | locked_bit, std::memory_order_acquire,
                                             std::memory_order_relaxed))
                return true;
        } else if ((state & parked_bit) != 0) {
            return false;
        }
    } while (s.again());
    return false;
}

bool mutex::lock_slow(rt::deadline until, rt::cancellation mode) {
    const auto kind = detail::here();
    detail::mutex_lock op(*this, until, mode, kind);
    if (detail::diagnosing_locks()) [[unlikely]] {
        if (op.ready()) return true;
    } else if (kind == detail::suspends::no && !until.expired() && spin()) {
        return true;
    }
    detail::wait_here(op);
    if (op.cancelled()) throw cancelled();
    return op.granted();
}

void mutex::note_locked() noexcept {
    detail::diagnose_locked({this, "mutex", name_.get()});
}

void mutex::check_unused() noexcept {
    if ((state_.load(std::memory_order_relaxed) & parked_bit) != 0)
        detail::check_nobody_waits("mutex", name_.get(), this);
    if (detail::diagnosing_locks()) detail::diagnose_destroyed(this);
}

bool mutex::accept_moved() noexcept {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    if ((state & locked_bit) != 0) rt::parking_lot::time_fairness(this);
    while ((state & locked_bit) != 0)
        if (state_.compare_exchange_weak(state, state | parked_bit, std::memory_order_relaxed)) return true;
    return false;
}

// Somebody may be queued, so the state changes under the bucket's lock. Nothing here touches the mutex once
// it is free: its next owner may destroy it.
void mutex::unlock_slow() {
    // While we still hold it: its next owner may destroy it.
    if (detail::diagnosing_locks()) [[unlikely]]
        detail::diagnose_unlocked(this);
    bool was_locked = false;
    rt::parking_lot::unpark_chosen(this, [&](rt::parked& here) {
        if ((state_.load(std::memory_order_relaxed) & locked_bit) == 0) return;
        was_locked = true;
        rt::waiter* const first = here.first();
        if (first == nullptr) {
            state_.store(0, std::memory_order_release);
            return;
        }
        const std::uint32_t rest = here.next(*first) != nullptr ? parked_bit : 0;
        if (first->kind() != rt::waiter_kind::thread || here.fair()) {
            here.take(*first, handed_over);
            // relaxed: the lock stays locked, and the wake-up orders it for the new owner.
            state_.store(locked_bit | rest, std::memory_order_relaxed);
        } else {
            here.take(*first, try_again);
            state_.store(rest, std::memory_order_release);
        }
    });
    if (!was_locked) throw not_owner("unlock of a mutex that is not locked");
}

}  // namespace heddle::inline v0
