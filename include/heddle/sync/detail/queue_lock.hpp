// SPDX-License-Identifier: BSL-1.0
#pragma once

// The lock that is always handed over: what fair_mutex and priority_mutex have in common. They differ in whom
// it is handed to.

#include <atomic>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/diagnosing.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/wait.hpp>

namespace heddle::inline v0::detail {

class queue_lock_wait;

class HEDDLE_API queue_lock {
 public:
    constexpr queue_lock() noexcept = default;
    explicit queue_lock(const char* name) noexcept : name_(name) {}
    queue_lock(const queue_lock&) = delete;
    queue_lock& operator=(const queue_lock&) = delete;

    // Invariant: locked_bit says that somebody owns the lock. parked_bit is set under the bucket's lock, only
    // together with locked_bit, before a waiter is queued, and taken back under that lock when the queue is
    // empty. While it is set the lock is not freed but handed over, so it is never free while somebody waits,
    // and nobody is overtaken.
    //
    // Orders: as in mutex: acquire when locking, release when unlocking; a hand-over orders by itself.

    bool try_lock() noexcept {
        std::uint32_t free = 0;
        return state_.compare_exchange_strong(free, locked_bit, std::memory_order_acquire,
                                              std::memory_order_relaxed);
    }
    /// Frees the lock if nobody waits; if not, nothing is done.
    bool try_unlock() noexcept {
        std::uint32_t state = locked_bit;
        return state_.compare_exchange_strong(state, 0, std::memory_order_release, std::memory_order_relaxed);
    }
    enum class next_owner { first, smallest_tag };
    /// Hands the lock to the next owner, among equal tags to the first. @throws not_owner
    void unlock_slow(next_owner whom, const char* not_locked);
    bool locked() const noexcept { return (state_.load(std::memory_order_relaxed) & locked_bit) != 0; }
    /// As of mutex.
    bool accept_moved() noexcept;
    void check_unused(const char* kind) const noexcept {
        if (state_.load(std::memory_order_relaxed) & parked_bit) [[unlikely]]
            check_nobody_waits(kind, name_.get(), this);
        if (diagnosing_locks()) [[unlikely]]
            diagnose_destroyed(this);
    }
    const char* name() const noexcept { return name_.get(); }

 private:
    friend class queue_lock_wait;
    static constexpr std::uint32_t locked_bit = 1;
    static constexpr std::uint32_t parked_bit = 2;
    enum : std::uintptr_t { stray, try_again, handed_over };

    std::atomic<std::uint32_t> state_{0};
    lock_name name_;
};

/// Locking one that is not free.
class HEDDLE_API queue_lock_wait : public operation {
 public:
    queue_lock_wait(queue_lock& l, const char* kind, rt::deadline until, rt::cancellation mode) noexcept
        : operation(&l, until, mode),
          lock_(&l),
          lock_kind_(kind) {}
    const char* kind() const noexcept { return lock_kind_; }
    const char* name() const noexcept { return lock_->name(); }
    bool spins() const noexcept { return true; }
    /// Throws deadlock_error, while locks are diagnosed.
    bool ready();
    /// As ready(), and waits for whatever it takes.
    bool try_again() noexcept;
    bool validate() noexcept;
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;
    bool granted() const noexcept { return taken_; }
    bool cancelled() const noexcept { return cancelled_; }

 private:
    lock_site site() const noexcept { return {lock_, kind(), name()}; }
    queue_lock* lock_;
    const char* lock_kind_;
    bool taken_ = false;
    bool cancelled_ = false;
};

}  // namespace heddle::inline v0::detail
