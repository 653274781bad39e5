// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <stdexcept>

namespace heddle::inline v0 {

namespace detail {

namespace {

template <class F> void for_each(rt::parked& queue, F f) {
    for (rt::waiter* w = queue.first(); w != nullptr;) {
        rt::waiter* const next = queue.next(*w);
        f(*w);
        w = next;
    }
}

}  // namespace

barrier_wait::barrier_wait(barrier& b, rt::deadline until, bool breaks) noexcept
    : operation(&b, until, rt::cancellation::observed),
      barrier_(b),
      breaks_(breaks) {}

// Whether nothing is to be waited for: it is broken, or this is the last to arrive.
bool barrier_wait::ready() noexcept {
    others_ = rt::parking_lot::take_chosen(&barrier_, [this](rt::parked& queue) {
        epoch_ = barrier_.epoch_;
        if (barrier_.broken_.load(std::memory_order_relaxed)) {
            state_ = state::broken;
        } else if (barrier_.complete()) {
            state_ = state::last;
            barrier_.arrived_ = 0;
            std::uintptr_t token = barrier::first_index;
            for_each(queue, [&](rt::waiter& w) { queue.take(w, token++); });
        }
    });
    return state_ != state::arriving;
}

bool barrier_wait::validate() noexcept {
    if (barrier_.broken_.load(std::memory_order_relaxed) || barrier_.complete()) return false;
    ++barrier_.arrived_;
    epoch_ = barrier_.epoch_;
    return true;
}

bool barrier_wait::ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
    switch (outcome) {
        case rt::wait_outcome::granted:
            if (token == barrier::stray) return false;  // arrive once more
            state_ = token == barrier::broken_token ? state::broken : state::passed;
            index_ = token - barrier::first_index;
            return true;
        case rt::wait_outcome::timed_out:
            barrier_.break_in(epoch_);
            state_ = state::broken;
            return true;
        case rt::wait_outcome::cancelled:
            if (breaks_) barrier_.break_in(epoch_);
            state_ = state::cancelled;
            return true;
        default:
            return ready();
    }
}

std::size_t barrier_wait::result() {
    if (state_ == state::cancelled) throw cancelled();
    if (state_ == state::broken) throw broken_barrier("the barrier is broken");
    if (state_ == state::passed) return index_;
    const std::size_t last = barrier_.parties_ - 1;
    if (barrier_.options_.action) {
        try {
            barrier_.options_.action();
        } catch (...) {
            barrier_.break_in(epoch_);
            for (rt::waiter* w = others_.front(); w != nullptr; w = rt::waiter_queue::next(*w))
                w->set_token(barrier::broken_token);
            rt::parking_lot::wake_all(others_);
            throw;
        }
    }
    // Those who are released may destroy the barrier.
    rt::parking_lot::wake_all(others_);
    return last;
}

}  // namespace detail

barrier::barrier(std::size_t parties, barrier_options options)
    : parties_(parties),
      options_(std::move(options)) {
    if (parties == 0) throw std::invalid_argument("a barrier of 0 parties");
}

barrier::~barrier() {
    if (n_waiting() != 0) detail::check_nobody_waits("barrier", nullptr, this);
}

rt::deadline barrier::default_deadline() const noexcept {
    return options_.timeout ? rt::deadline::after(*options_.timeout) : rt::deadline::never();
}

std::size_t barrier::wait() {
    return wait_until(default_deadline());
}

std::size_t barrier::wait_until(rt::deadline until) {
    detail::barrier_wait op(*this, until, true);
    if (!op.ready()) detail::wait_here(op);
    return op.result();
}

std::size_t barrier::n_waiting() const noexcept {
    return rt::parking_lot::count(this);
}

// Under the bucket's lock: whether the one that arrives now is the last.
bool barrier::complete() noexcept {
    if (arrived_ + 1 < parties_) return false;
    arrived_ = rt::parking_lot::count_locked(this);
    return arrived_ + 1 == parties_;
}

void barrier::release(rt::parked& queue, bool broken) noexcept {
    detail::for_each(queue, [&](rt::waiter& w) { queue.take(w, broken_token); });
    arrived_ = 0;
    broken_.store(broken, std::memory_order_release);
}

void barrier::abort() noexcept {
    rt::parking_lot::unpark_chosen(this, [this](rt::parked& queue) { release(queue, true); });
}

void barrier::reset() noexcept {
    rt::parking_lot::unpark_chosen(this, [this](rt::parked& queue) {
        release(queue, false);
        ++epoch_;
    });
}

void barrier::break_in(std::uint32_t epoch) noexcept {
    rt::parking_lot::unpark_chosen(this, [this, epoch](rt::parked& queue) {
        if (epoch_ == epoch) release(queue, true);
    });
}

}  // namespace heddle::inline v0
