// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <heddle/sync/priority_mutex.hpp>

namespace heddle::inline v0 {

namespace detail {

std::uintptr_t urgency(rt::clock::time_point since, lock_priority priority) noexcept {
    static_assert(sizeof(std::uintptr_t) >= sizeof(std::int64_t));
    constexpr std::int64_t step = std::chrono::nanoseconds(std::chrono::milliseconds(10)).count();
    // No overflow: a clock that has run for a century is at 2^62, the largest head start is 2^55.
    const std::int64_t at = since.time_since_epoch().count() - step * priority.value;
    // The order of signed numbers as that of unsigned ones.
    return static_cast<std::uintptr_t>(at) ^ (std::uintptr_t{1} << 63);
}

priority_lock::priority_lock(priority_mutex& m, rt::deadline until, rt::cancellation mode,
                             lock_priority priority) noexcept
    : queue_lock_wait(m.lock_, "priority_mutex", until, mode),
      mutex_(&m),
      priority_(priority) {}

priority_lock::priority_lock(priority_mutex& m, rt::deadline until, rt::cancellation mode,
                             suspends /*kind*/) noexcept
    : priority_lock(m, until, mode, lock_priority{m.holder_.load(std::memory_order_relaxed)}) {}

std::uintptr_t priority_lock::tag() noexcept {
    if (tag_ == 0) tag_ = urgency(rt::clock::now(), priority_);
    return tag_;
}

void priority_lock::on_move(rt::waiter& w) noexcept {
    w.set_tag(w.tag() + static_cast<std::uintptr_t>(rt::clock::now().time_since_epoch().count()));
}

void priority_lock::note_holder() noexcept {
    if (granted()) mutex_->holder_.store(priority_.value, std::memory_order_relaxed);
}

bool priority_lock::ready() {
    const bool done = queue_lock_wait::ready();
    note_holder();
    return done;
}

bool priority_lock::try_again() noexcept {
    const bool done = queue_lock_wait::try_again();
    note_holder();
    return done;
}

bool priority_lock::validate() noexcept {
    const bool wait = queue_lock_wait::validate();
    note_holder();
    return wait;
}

bool priority_lock::ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
    const bool done = queue_lock_wait::ended(outcome, token);
    note_holder();
    return done;
}

}  // namespace detail

bool priority_mutex::lock_slow(rt::deadline until, rt::cancellation mode, lock_priority priority) {
    detail::priority_lock op(*this, until, mode, priority);
    if (detail::diagnosing_locks()) [[unlikely]]
        if (op.ready()) return true;
    detail::wait_here(op);
    if (op.cancelled()) throw cancelled();
    return op.granted();
}

}  // namespace heddle::inline v0
