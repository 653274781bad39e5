// SPDX-License-Identifier: BSL-1.0
#pragma once

// Many readers or one writer. Worth it where reading takes long and writing is rare; for short sections mutex
// is faster. A waiting writer keeps new readers out, and the readers that queued behind it go before the next
// writer, so neither starves.

#include <atomic>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/spinner.hpp>
#include <heddle/sync/detail/diagnosing.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/detail/wait_result.hpp>
#include <heddle/sync/error.hpp>

namespace heddle::inline v0 {

class shared_mutex;

namespace detail {

struct shared_mutex_probe;  // of the tests

enum class access : std::uintptr_t { read = 1, write = 2 };

/// Locking a shared_mutex that is not free for this access.
class HEDDLE_API shared_wait : public operation {
 public:
    shared_wait(shared_mutex& m, access wanted, rt::deadline until, rt::cancellation mode) noexcept;
    std::uintptr_t tag() const noexcept { return static_cast<std::uintptr_t>(wanted_); }
    const char* kind() const noexcept;
    const char* name() const noexcept;
    /// Throws deadlock_error, while locks are diagnosed.
    bool ready();
    bool validate() noexcept;
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;
    bool granted() const noexcept { return taken_; }
    bool cancelled() const noexcept { return cancelled_; }

 private:
    friend class heddle::shared_mutex;
    bool take(rt::spinner* patience = nullptr) noexcept;
    lock_site site() const noexcept { return {&mutex_, kind(), name(), wanted_ == access::read}; }
    shared_mutex& mutex_;
    access wanted_;
    bool taken_ = false;
    bool cancelled_ = false;
};

}  // namespace detail

/// A reader-writer lock for threads, fibers and coroutines; meets SharedTimedLockable. Any task may give back
/// what any other has taken.
///
/// Not recursive: a reader that locks shared again while a writer waits may deadlock.
class HEDDLE_API shared_mutex {
 public:
    constexpr shared_mutex() noexcept = default;
    /// `name` is shown in reports; the string must outlive the mutex.
    explicit shared_mutex(const char* name) noexcept : name_(name) {}
    /// Ends the program with a message if somebody waits.
    ~shared_mutex() {
        if ((state_.load(std::memory_order_relaxed) & (queued | slots)) != 0 || detail::diagnosing_locks())
            [[unlikely]]
            check_unused();
    }
    shared_mutex(const shared_mutex&) = delete;
    shared_mutex& operator=(const shared_mutex&) = delete;

    // Sources: the queueing is phase-fair (B. Brandenburg, J. Anderson, "Spin-Based Reader-Writer
    // Synchronization for Multiprocessor Real-Time Systems", 2010): between two writers all readers that wait
    // have their turn. The slots are D. Dice, A. Kogan, "BRAVO – Biased Locking for Reader-Writer Locks"
    // (2019): a table that all locks share, in which a thread's readers use cache lines of that thread.
    //
    // A reader is a record: one in the count in the word, or a slot that holds the lock's address. Records
    // are alike, so whoever leaves removes any one of them; so a task may leave on another thread than it
    // came.
    //
    // Invariants:
    // 1. writer is set only while there is no record, and readers and writers come in only while it is not
    // set.
    // 2. queued is set under the bucket's lock before a waiter is queued. While it is set nobody comes in but
    // from
    //    the queue, and whoever may have left the lock free for the queue calls serve() under that lock.
    // 3. biased is set only while neither writer nor queued is, in one step with slots. A slot counts as a
    // record
    //    if its owner has seen biased after filling it. slots says that there may be records in the table.
    //
    // 4. A writer that waits with no reader in the count has marked, under the bucket's lock, every slot that
    //    counts; whoever empties a slot with a mark calls serve(). So who leaves does not touch the lock
    //    after the step that lets a writer in, who may destroy it.
    //
    // Orders: a reader fills its slot and then reads biased; a writer takes biased back and then reads the
    // slots. All four are seq_cst, so at least one sees the other. Of a slot that is emptied and one that is
    // marked the order of its changes decides. Everything else is acquire when coming and release when going;
    // serve() is both, as it passes on what those did who have left.

    /// Takes the lock for writing. Blocks the task. Not a point of cancellation.
    void lock() {
        if (detail::diagnosing_locks() || !try_lock_free()) [[unlikely]]
            lock_slow(detail::access::write, rt::deadline::never(), rt::cancellation::ignored);
    }
    /// Takes it for writing if nobody holds it. Never waits.
    bool try_lock() noexcept {
        if (!try_lock_free() && !try_lock_biased()) return false;
        note_locked(detail::access::write);
        return true;
    }
    /// Takes it for writing unless that takes longer than `d`. @return whether it did. Throws: cancelled.
    template <class Rep, class Period> bool try_lock_for(std::chrono::duration<Rep, Period> d) {
        return try_lock_until(rt::deadline::after(d));
    }
    /// Takes it for writing unless that takes until `until`. @return whether it did. Throws: cancelled.
    bool try_lock_until(rt::deadline until) {
        return try_lock() || lock_slow(detail::access::write, until, rt::cancellation::observed);
    }
    /// co_await: takes it for writing. Throws: cancelled; invalid_state if it has to wait outside a worker.
    auto async_lock() { return async<void>(detail::access::write, rt::deadline::never()); }
    /// co_await: as above, and gives false if it was not locked before `until`.
    auto async_lock(rt::deadline until) { return async<bool>(detail::access::write, until); }
    /// The writer gives it back. @throws not_owner if there is none.
    void unlock() {
        note_unlocked(detail::access::write);
        std::uint64_t state = state_.load(std::memory_order_relaxed);
        if ((state & ~inhibited) != writer ||
            !state_.compare_exchange_strong(state, state & inhibited, std::memory_order_release,
                                            std::memory_order_relaxed)) [[unlikely]]
            unlock_slow();
    }

    /// Takes the lock for reading. Blocks the task. Not a point of cancellation.
    void lock_shared() {
        if (detail::diagnosing_locks() || !try_share()) [[unlikely]]
            lock_slow(detail::access::read, rt::deadline::never(), rt::cancellation::ignored);
    }
    /// Takes it for reading if no writer holds it or waits for it. Never waits.
    bool try_lock_shared() noexcept {
        if (!try_share()) return false;
        note_locked(detail::access::read);
        return true;
    }
    /// Takes it for reading unless that takes longer than `d`. @return whether it did. Throws: cancelled.
    template <class Rep, class Period> bool try_lock_shared_for(std::chrono::duration<Rep, Period> d) {
        return try_lock_shared_until(rt::deadline::after(d));
    }
    /// Takes it for reading unless that takes until `until`. @return whether it did. Throws: cancelled.
    bool try_lock_shared_until(rt::deadline until) {
        return try_lock_shared() || lock_slow(detail::access::read, until, rt::cancellation::observed);
    }
    /// co_await: takes it for reading. Throws: cancelled; invalid_state if it has to wait outside a worker.
    auto async_lock_shared() { return async<void>(detail::access::read, rt::deadline::never()); }
    /// co_await: as above, and gives false if it was not locked before `until`.
    auto async_lock_shared(rt::deadline until) { return async<bool>(detail::access::read, until); }
    /// A reader gives it back. @throws not_owner if there is none.
    void unlock_shared() {
        note_unlocked(detail::access::read);
        std::uint64_t state = state_.load(std::memory_order_relaxed);
        if ((state & (queued | slots)) != 0 || state < one_reader ||
            !state_.compare_exchange_strong(state, state - one_reader, std::memory_order_release,
                                            std::memory_order_relaxed)) [[unlikely]]
            unlock_shared_slow();
    }

    /// From writer to reader, without letting another writer in between; the readers who wait come in too.
    /// @throws not_owner if there is no writer.
    void downgrade();
    /// From reader to writer, if this is the only reader and nobody waits. Never waits.
    bool try_upgrade() noexcept;

    /// Whether a writer holds it: a hint.
    bool locked() const noexcept { return (state_.load(std::memory_order_relaxed) & writer) != 0; }

 private:
    friend class detail::shared_wait;
    friend struct detail::shared_mutex_probe;

    template <class Result>
    using awaiting = detail::awaiting<detail::wait_result<detail::shared_wait, Result>>;

    static constexpr std::uint64_t writer = 1;
    static constexpr std::uint64_t queued = 2;
    static constexpr std::uint64_t biased = 4;
    static constexpr std::uint64_t slots = 8;
    static constexpr std::uint64_t inhibit_one =
        16;  // counts down collisions of readers until biased is set again
    static constexpr std::uint64_t inhibited = 15 * inhibit_one;
    static constexpr std::uint64_t one_reader = 256;
    enum : std::uintptr_t { stray, handed_over };

    bool try_lock_free() noexcept {
        std::uint64_t state = state_.load(std::memory_order_relaxed);
        return (state & ~inhibited) == 0 &&
               state_.compare_exchange_strong(state, state | writer, std::memory_order_acquire,
                                              std::memory_order_relaxed);
    }
    template <class Result> awaiting<Result> async(detail::access wanted, rt::deadline until) {
        return awaiting<Result>(std::in_place, *this, wanted, until, rt::cancellation::observed);
    }

    bool try_share() noexcept {
        std::uint64_t state = state_.load(std::memory_order_relaxed);
        if ((state & (writer | queued | biased)) == 0 &&
            state_.compare_exchange_strong(state, state + one_reader, std::memory_order_acquire,
                                           std::memory_order_relaxed)) [[likely]]
            return true;
        return (state & biased) != 0 ? share_in_slot() : share_in_word();
    }
    void note_locked(detail::access how) noexcept {
        if (detail::diagnosing_locks()) [[unlikely]]
            detail::diagnose_locked({this, "shared_mutex", name_.get(), how == detail::access::read});
    }
    void note_unlocked(detail::access how) noexcept {
        if (detail::diagnosing_locks()) [[unlikely]]
            detail::diagnose_unlocked(this, how == detail::access::read);
    }
    bool lock_slow(detail::access wanted, rt::deadline until, rt::cancellation mode);
    bool try_lock_biased(rt::spinner* patience = nullptr) noexcept;
    bool share_in_word() noexcept;
    bool share_in_slot() noexcept;
    void unlock_slow();
    void unlock_shared_slow();
    bool remove_record() noexcept;
    void serve(rt::parked& queue) noexcept;
    void serve_after_writer(rt::parked& queue) noexcept;
    void serve_queue() noexcept;
    void serve_those_who_wait() noexcept;
    bool begin_writing(std::uint64_t more) noexcept;
    void check_unused() const noexcept;

    std::atomic<std::uint64_t> state_{0};
    detail::lock_name name_;
};

}  // namespace heddle::inline v0
