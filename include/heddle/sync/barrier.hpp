// SPDX-License-Identifier: BSL-1.0
#pragma once

// A fixed number of parties that go on together, again and again. The last to arrive runs the action before
// anybody is released. Somebody who does not come breaks the barrier for all, so that nobody waits for ever.
// For one round only use latch.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/waiter.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/error.hpp>
#include <optional>

namespace heddle::inline v0 {

class barrier;

/// How a barrier is made.
struct barrier_options {
    std::function<void()> action{};                     ///< once per round, by the last to arrive
    std::optional<std::chrono::nanoseconds> timeout{};  ///< for each wait() that gives none
};

namespace detail {

/// Arriving at a barrier and waiting for the others.
class HEDDLE_API barrier_wait : public operation {
 public:
    /// `breaks`: whether being cancelled breaks the barrier, as it does for threads and fibers.
    barrier_wait(barrier& b, rt::deadline until, bool breaks) noexcept;
    const char* kind() const noexcept { return "barrier"; }
    bool spins() const noexcept { return true; }
    bool ready() noexcept;
    bool validate() noexcept;
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;
    std::size_t result();

 private:
    enum class state { arriving, last, passed, broken, cancelled };

    barrier& barrier_;
    bool breaks_;
    state state_ = state::arriving;
    std::size_t index_ = 0;
    std::uint32_t epoch_ = 0;  // in which it arrived
    rt::waiter_queue others_;  // of the last to arrive: those whom it will release
};

}  // namespace detail

/// A barrier for threads, fibers and coroutines.
///
/// Thread-safety: all members but the destructor from any task. What a party did before it arrived is seen by
/// all after the round.
class HEDDLE_API barrier {
 public:
    /// @throws std::invalid_argument for 0 parties.
    explicit barrier(std::size_t parties, barrier_options options = {});
    /// Ends the program with a message if somebody waits.
    ~barrier();
    barrier(const barrier&) = delete;
    barrier& operator=(const barrier&) = delete;

    // Invariant: a party has arrived if and only if it is queued at this address; the last is not queued, but
    // takes the others out, under the bucket's lock, if together they are complete. From then on the round is
    // decided: they can neither time out nor be cancelled, whatever the action takes, and who comes belongs
    // to the next round. arrived_ is at least the number of those queued (who leaves does not count down), so
    // that they need only be counted when it says that the round may be complete. Who has given up leaves the
    // queue first and breaks the barrier then; reset() may come in between, so it counts epochs, and only who
    // arrived in the present one breaks it. arrived_, epoch_ and the writes of broken_ are guarded by the
    // bucket's lock.

    /// Arrives, and waits for the others. @return an index: each of 0 … parties-1 once per round, the last of
    /// them for the last to arrive. Blocks the task. Throws: broken_barrier if it is broken, or reset
    /// meanwhile, or the time is over, which breaks it; cancelled, which breaks it too; and to the last to
    /// arrive, what the action threw, which breaks it for the others.
    std::size_t wait();
    /// As wait(), and breaks the barrier if that takes longer than `d`.
    template <class Rep, class Period> std::size_t wait_for(std::chrono::duration<Rep, Period> d) {
        return wait_until(rt::deadline::after(d));
    }
    /// As wait(), and breaks the barrier if that takes until `until`.
    std::size_t wait_until(rt::deadline until);
    /// co_await: as wait(), but being cancelled takes back the arrival, and the round goes on with another.
    /// Throws also: invalid_state if it has to wait outside a worker.
    auto async_wait() {
        return detail::awaiting<detail::barrier_wait>(std::in_place, *this, default_deadline(), false);
    }
    /// co_await: the same, and breaks the barrier if that takes until `until`.
    auto async_wait(rt::deadline until) {
        return detail::awaiting<detail::barrier_wait>(std::in_place, *this, until, false);
    }

    /// Breaks it: who waits, and who comes until reset(), sees broken_barrier.
    void abort() noexcept;
    /// Makes it as new; who waits sees broken_barrier. Whatever becomes of those who came before no longer
    /// breaks it.
    void reset() noexcept;

    /// Whether it is broken: a hint.
    bool broken() const noexcept { return broken_.load(std::memory_order_acquire); }
    /// How many have arrived in this round. Complexity: counts them.
    std::size_t n_waiting() const noexcept;
    /// How many it takes.
    std::size_t parties() const noexcept { return parties_; }

 private:
    friend class detail::barrier_wait;
    // The tokens of those who are unparked; from first_index on it is the index plus this.
    enum : std::uintptr_t { stray, broken_token, first_index };

    rt::deadline default_deadline() const noexcept;
    bool complete() noexcept;
    void release(rt::parked& queue, bool broken) noexcept;
    void break_in(std::uint32_t epoch) noexcept;

    std::size_t parties_;
    barrier_options options_;
    std::size_t arrived_ = 0;
    std::uint32_t epoch_ = 0;
    std::atomic<bool> broken_{false};
};

}  // namespace heddle::inline v0
