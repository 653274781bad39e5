// SPDX-License-Identifier: BSL-1.0
#pragma once

// How one task waits at several primitives at once.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/waiter.hpp>
#include <heddle/sync/detail/wait_target.hpp>
#include <span>

namespace heddle::inline v0::detail {

class select_race;

/// One thing that may happen, and the waiter that stands in the queue for it. Derived classes know where.
class HEDDLE_API select_node : public rt::waiter {
 public:
    select_node() noexcept : waiter(rt::waiter_kind::thread, &on_wake) {}

    /// Where it is queued.
    virtual const void* address() const noexcept = 0;
    /// Does it if that takes no waiting. @throws what it does, and then nothing has been done.
    virtual bool try_now() = 0;
    /// Under the bucket's lock: whether it cannot be done now; then somebody will come by who can.
    virtual bool must_wait() noexcept = 0;
    /// It has won, and was woken with `token`: whether it has been done. If not, it may be now, as far as the
    /// one who woke it knew.
    virtual bool was_done(std::uintptr_t token) noexcept = 0;
    /// Calls the user's function with what has come out.
    virtual void finish() = 0;
    virtual wait_target& target() noexcept = 0;

    std::size_t number = 0;  ///< of the user's cases, from 0

 protected:
    ~select_node() = default;

 private:
    friend class select_race;
    static void on_wake(rt::waiter& w, rt::wait_outcome outcome) noexcept;
    select_race* race_ = nullptr;
    bool queued_here_ = false;
};

/// The wait of one task for the first of several nodes, in steps that a thread, a fiber and a coroutine take
/// alike: begin(); while it says to wait, park at address() as it says, and then end().
///
/// Sources: the algorithm is that of crossbeam-channel's select (Rust), with the claim on a waiting task
/// decided by a compare-and-swap as there; the order in which the cases are tried is drawn anew each time, as
/// in Go. Go locks all channels of a select, in the order of their addresses, instead of claiming.
///
/// Invariant: winner_ goes from 0 to the number of a node plus one, or to `nobody`, once a round. Those at
/// the other side take a node out of its queue only after winning for it, in the same section under the
/// bucket's lock; the task does something itself only in a round that it has ended by `nobody`. So exactly
/// one case happens. A node is taken out of its queue before the round is over: the winning one by the one
/// who woke it, who touches nothing of ours after delivered_ is set; the others by us, and nobody else can,
/// as they have lost.
///
/// No wake-up is lost: a node is queued under the bucket's lock after seeing there that nothing can be done,
/// and whoever makes that untrue passes through that lock. Nobody waits who could be served by one who waits:
/// of two tasks that queue for each other the second sees the first. If both then give up their round for
/// the other, both begin again, after pauses that differ.
///
/// Orders: delivered_ is released by the waker and acquired here: what he left in the node is seen. winner_
/// is relaxed: it only decides, the bucket's locks and delivered_ order the rest.
class HEDDLE_API select_race {
 public:
    explicit select_race(std::span<select_node*> nodes) noexcept;
    ~select_race();
    select_race(const select_race&) = delete;
    select_race& operator=(const select_race&) = delete;

    enum class step {
        done,       ///< happened() has
        again,      ///< begin() again, after pause()
        wait,       ///< park at address(), with the user's deadline, to be cancelled
        wait_on,    ///< park at address(), for as long as it takes
        timed_out,  ///< nothing has happened
        cancelled,  ///< nothing has happened
    };
    /// Tries all, and queues for all. @throws what trying them does, and then nothing has happened.
    step begin();
    /// After parking: how that ended.
    step end(rt::wait_outcome outcome);
    /// Tries all once; null if none could be done.
    select_node* poll();
    select_node* happened() const noexcept { return happened_; }

    // Odd: no primitive that was here before is unparked late at this address by one who has only that left.
    const void* address() const noexcept { return reinterpret_cast<const char*>(&delivered_) + 1; }
    /// Under the bucket's lock of address().
    bool must_wait() const noexcept { return !delivered_.load(std::memory_order_relaxed); }
    /// How long to wait before beginning again; zero for the first few times.
    std::chrono::microseconds pause() const noexcept;

 private:
    friend class select_node;
    static constexpr std::uint32_t nobody = static_cast<std::uint32_t>(-1);

    void shuffle() noexcept;
    bool give_up() noexcept;
    void leave_all() noexcept;
    step finish_round();

    std::span<select_node*> nodes_;
    std::atomic<std::uint32_t> winner_{0};
    std::atomic<bool> delivered_{false};
    std::uintptr_t token_ = 0;
    rt::wait_outcome given_up_for_ = rt::wait_outcome::granted;  // how the wait ended that lost to a winner
    select_node* happened_ = nullptr;
    unsigned rounds_ = 0;
};

/// Until the first of `nodes` has happened, on the calling thread or fiber. Null: timed out. @throws
/// cancelled
HEDDLE_API select_node* select_here(std::span<select_node*> nodes, rt::deadline until);

}  // namespace heddle::inline v0::detail
