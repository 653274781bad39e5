// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/event.hpp>

namespace heddle::inline v0 {

namespace detail {

event_wait::event_wait(event& e, rt::deadline until) noexcept
    : operation(&e, until, rt::cancellation::observed),
      event_(e) {}

bool event_wait::ready() noexcept {
    return granted_ = event_.try_wait();
}

bool event_wait::validate() noexcept {
    while (!event_.must_wait())
        if ((granted_ = event_.try_wait())) return false;
    return true;
}

bool event_wait::ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
    if (outcome == rt::wait_outcome::granted) return granted_ = token == event::let_through;
    cancelled_ = outcome == rt::wait_outcome::cancelled;
    return true;
}

}  // namespace detail

bool event::must_wait() noexcept {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    while ((state & set_bit) == 0)
        if ((state & parked_bit) != 0 ||
            state_.compare_exchange_weak(state, state | parked_bit, std::memory_order_relaxed))
            return true;
    return false;
}

bool event::wait_slow(rt::deadline until) {
    if (detail::here() == detail::suspends::no && !until.expired()) {
        auto s = detail::spinner::patient();
        while (s.again())
            if (try_wait()) return true;
    }
    detail::event_wait op(*this, until);
    detail::wait_here(op);
    if (op.cancelled()) throw cancelled();
    return op.granted();
}

// Those who are let through may destroy the event at once: nothing here touches it after the state has
// changed.
void event::set_slow() noexcept {
    rt::parking_lot::unpark_chosen(this, [this](rt::parked& queue) {
        const bool automatic = kind_ == event_reset::automatic;
        rt::waiter* w = automatic ? detail::first_willing(queue) : nullptr;
        if (w != nullptr) {
            // The signal goes to the first; the state stays as it is, but for parked_bit if nobody is left.
            // Here as below parked_bit is set unless somebody took the lock before us and did our work.
            queue.take(*w, let_through);
            if (queue.first() == nullptr) state_.fetch_and(~parked_bit, std::memory_order_release);
            return;
        }
        // Who is not willing has lost to another place at which his task waits, and is about to leave.
        for (w = automatic ? nullptr : queue.first(); w != nullptr;) {
            rt::waiter* const next = queue.next(*w);
            if (detail::wait_target::of(*w).win()) queue.take(*w, let_through);
            w = next;
        }
        // A store would do for the bits, as parked_bit keeps others from changing them, but if it is not set
        // they do not ask for the lock.
        std::uint32_t state = state_.load(std::memory_order_relaxed);
        while (!state_.compare_exchange_weak(state, set_bit, std::memory_order_release,
                                             std::memory_order_relaxed)) {
        }
    });
}

}  // namespace heddle::inline v0
