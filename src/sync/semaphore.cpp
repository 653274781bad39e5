// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/exception_hook.hpp>
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/semaphore.hpp>

namespace heddle::inline v0::detail {

namespace {

constexpr std::chrono::microseconds a_moment{1};

std::int64_t checked(std::ptrdiff_t count) {
    if (count < 0) throw std::invalid_argument("a semaphore of less than 0 permits");
    if (count > permits::most) throw std::invalid_argument("a semaphore of too many permits");
    return count;
}

invalid_state too_many(std::ptrdiff_t bound) {
    return invalid_state(bound == permits::most ? "a semaphore has more permits than it can count"
                                                : "a semaphore is released more often than it was acquired");
}

// Under the bucket's lock.
bool somebody_waits(const permits& p) noexcept {
    bool found = false;
    rt::parking_lot::look_locked(&p, [&](const rt::parked& queue) { found = queue.first() != nullptr; });
    return found;
}

}  // namespace

permits::permits(std::ptrdiff_t count) : word_(checked(count) * one) {}

// A thread that comes to a semaphore without permits and debts waits a moment with its debt: the next permit
// is its own, without another read-modify-write. Only a moment: if another debt has come before this one was
// seen to be paid, the next permit is for neither, until one of them is put back.
void permits::take_owing(std::int64_t before) {
    if (before == 0 && here() == suspends::no) {
        if (spin_owing()) return;
    } else {
        word_.fetch_add(one, std::memory_order_relaxed);
    }
    if (!spin()) park(rt::deadline::never());
}

bool permits::spin_owing() noexcept {
    spinner s(a_moment);
    std::int64_t word = 0;
    do {
        // acquire: the permit is there, and what its giver did.
        word = word_.load(std::memory_order_acquire);
        if (word >= 0) return true;
    } while ((word & parked_bit) == 0 && s.again());
    // Below 0 as it is, there is no permit to pass on.
    while (!word_.compare_exchange_weak(word, word + one, std::memory_order_acquire))
        if (word >= 0) return true;
    return false;
}

// Looks at least once: what has just been put back may be for others, to whom try_take() then passes it on.
bool permits::spin() noexcept {
    const bool stays = here() == suspends::no;
    spinner s = spinner::patient();
    do {
        if (try_take()) return true;
    } while (stays && (word_.load(std::memory_order_relaxed) & parked_bit) == 0 && s.again());
    return false;
}

bool permits::park(rt::deadline until) {
    permit_acquire op(*this, until);
    wait_here(op);
    if (op.cancelled()) throw cancelled();
    return op.granted();
}

bool permits::try_take_after_all() noexcept {
    pass_on(semaphore_is::here);
    std::int64_t word = word_.load(std::memory_order_relaxed);
    while (word >= one && (word & parked_bit) == 0)
        if (word_.compare_exchange_weak(word, word - one, std::memory_order_acquire,
                                        std::memory_order_relaxed))
            return true;
    return false;
}

void permits::given(std::int64_t before) {
    if (before >= most * one) {
        word_.fetch_sub(one, std::memory_order_relaxed);
        throw too_many(most);
    }
    pass_on(semaphore_is::perhaps_gone);
}

void permits::give_within(std::ptrdiff_t n, std::ptrdiff_t bound) {
    if (n < 1) throw std::invalid_argument("release of less than 1 permit");
    std::int64_t word = word_.load(std::memory_order_relaxed);
    do {
        if (n > bound - (word >> 1)) throw too_many(bound);
    } while (!word_.compare_exchange_weak(word, word + n * one, std::memory_order_release,
                                          std::memory_order_relaxed));
    if ((word & parked_bit) != 0) pass_on(semaphore_is::perhaps_gone);
}

void permits::pass_on(semaphore_is where) noexcept {
    rt::parking_lot::unpark_chosen(this, [&](rt::parked& queue) { pass_on_locked(queue, where); });
}

void permits::pass_on_locked(rt::parked& queue, semaphore_is where) noexcept {
    const auto next_for_permit = [&](rt::waiter* w) {
        while (w != nullptr && w->tag() != waits_for_permit) w = queue.next(*w);
        return w;
    };
    rt::waiter* w = next_for_permit(queue.first());
    if (w == nullptr && where == semaphore_is::perhaps_gone) return;
    // acquire: with the permits comes what their givers did, and goes on to who is woken.
    const std::int64_t word = word_.load(std::memory_order_acquire);
    if ((word & parked_bit) == 0) return;
    std::int64_t change = 0;
    for (; w != nullptr && word + change >= one; change -= one) {
        rt::waiter* const next = next_for_permit(queue.next(*w));
        queue.take(*w, handed_over);
        w = next;
    }
    if (w == nullptr) change -= parked_bit;
    if (change != 0) word_.fetch_add(change, std::memory_order_relaxed);
}

bool permit_acquire::validate() noexcept {
    std::int64_t word = permits_.word_.load(std::memory_order_relaxed);
    for (;;) {
        const bool others = (word & permits::parked_bit) != 0;
        if (word < permits::one) {
            if (others || permits_.word_.compare_exchange_weak(word, word | permits::parked_bit,
                                                               std::memory_order_relaxed))
                return true;
        } else if (others && somebody_waits(permits_)) {
            return true;  // behind them; whoever has added the permit is about to pass it on
        } else if (permits_.word_.compare_exchange_weak(word, (word & ~permits::parked_bit) - permits::one,
                                                        std::memory_order_acquire,
                                                        std::memory_order_relaxed)) {
            taken_ = true;
            return false;
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
