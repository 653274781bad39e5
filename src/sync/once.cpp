// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/once.hpp>

namespace heddle::inline v0 {

namespace detail {

once_wait::once_wait(once& o) noexcept
    : operation(&o, rt::deadline::never(), rt::cancellation::observed),
      once_(o) {}

bool once_wait::ready() {
    // relaxed: only the task itself can find its own number here.
    if (once_.runner_.load(std::memory_order_relaxed) == rt::current_task().id())
        throw deadlock_error("a once is called again from within its own call");
    std::uint32_t state = once::idle;
    if (once_.state_.compare_exchange_strong(state, once::running, std::memory_order_acquire,
                                             std::memory_order_acquire))
        return mine_ = true;
    return state == once::is_done;
}

bool once_wait::validate() noexcept {
    std::uint32_t state = once_.state_.load(std::memory_order_acquire);
    for (;;) {
        if (state == once::is_done) return false;
        if (state == once::idle) {
            if (once_.state_.compare_exchange_weak(state, once::running, std::memory_order_acquire)) {
                mine_ = true;
                return false;
            }
        } else if ((state & once::parked_bit) != 0 ||
                   once_.state_.compare_exchange_weak(state, state | once::parked_bit,
                                                      std::memory_order_relaxed, std::memory_order_acquire)) {
            return true;
        }
    }
}

bool once_wait::ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
    if (outcome == rt::wait_outcome::granted) {
        mine_ = token == once::your_turn;
        return token != once::stray;
    }
    cancelled_ = outcome == rt::wait_outcome::cancelled;
    return true;
}

bool once_wait::result() const {
    if (cancelled_) throw heddle::cancelled();
    if (mine_) once_.runner_.store(rt::current_task().id(), std::memory_order_relaxed);
    return mine_;
}

}  // namespace detail

bool once::begin() {
    detail::once_wait op(*this);
    if (!op.ready()) detail::wait_here(op);
    return op.result();
}

void once::finish() noexcept {
    runner_.store(0, std::memory_order_relaxed);
    std::uint32_t state = running;
    if (state_.compare_exchange_strong(state, is_done, std::memory_order_release, std::memory_order_relaxed))
        return;
    rt::parking_lot::unpark_chosen(this, [this](rt::parked& queue) {
        for (rt::waiter* w = queue.first(); w != nullptr;) {
            rt::waiter* const next = queue.next(*w);
            queue.take(*w, finished);
            w = next;
        }
        state_.store(is_done, std::memory_order_release);
    });
}

void once::give_up() noexcept {
    runner_.store(0, std::memory_order_relaxed);
    std::uint32_t state = running;
    if (state_.compare_exchange_strong(state, idle, std::memory_order_release, std::memory_order_relaxed))
        return;
    rt::parking_lot::unpark_chosen(this, [this](rt::parked& queue) {
        rt::waiter* const w = queue.first();
        if (w == nullptr) {
            state_.store(idle, std::memory_order_release);
            return;
        }
        if (queue.next(*w) == nullptr) state_.store(running, std::memory_order_relaxed);
        queue.take(*w, your_turn);
    });
}

}  // namespace heddle::inline v0
