// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a channel of capacity 0 is inside: nothing but the tasks that wait at it. An item goes from the task
// that sends it to the one that receives it.

#include <atomic>
#include <cstddef>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/queue_wait.hpp>
#include <heddle/sync/queue_result.hpp>
#include <utility>

namespace heddle::inline v0::detail {

/// Invariant: what happens is decided under the bucket's lock. Whoever comes to put takes out the first of
/// those who wait to get, and the other way round; he is queued only if nobody of the other side is there, of
/// another task, who may still be taken out. So there are never two waiting who could serve each other, but
/// for the two sides of one select(), which does not serve itself. closed_ is set under the lock and never
/// taken back; nobody is queued after it.
///
/// Orders: a hand-over orders by itself; everything else is under the lock. acquire and release for those who
/// read closed_ without it.
template <class Item> class rendezvous {
 public:
    using item = Item;

    rendezvous() noexcept = default;
    ~rendezvous() { check_nobody_waits("channel", nullptr, this); }
    rendezvous(const rendezvous&) = delete;
    rendezvous& operator=(const rendezvous&) = delete;

    const void* address() const noexcept { return this; }

    /// Hands what `make()` gives to the first who waits for it: ok, full if nobody does, or closed.
    template <class Make> queue_status try_put(Make& make) noexcept {
        rt::waiter_queue taken;
        auto* const to = static_cast<get_target<Item>*>(take_first(wait_side::get, taken));
        if (to == nullptr) return closed() ? queue_status::closed : queue_status::full;
        to->item.emplace(make());
        rt::parking_lot::wake_all(taken);
        return queue_status::ok;
    }

    /// Gets the item of the first who waits to put one and passes it to `take`: ok, empty or closed.
    template <class Take> queue_status try_get(Take& take) noexcept {
        rt::waiter_queue taken;
        auto* const from = static_cast<put_target<Item>*>(take_first(wait_side::put, taken));
        if (from == nullptr) return closed() ? queue_status::closed : queue_status::empty;
        take(from->give());
        rt::parking_lot::wake_all(taken);
        return queue_status::ok;
    }

    /// Under the bucket's lock: whether there is nobody at the other side. `self` is who asks.
    bool must_wait(wait_side side, const wait_target* self) const noexcept {
        if (closed_.load(std::memory_order_relaxed)) return false;
        bool alone = true;
        rt::parking_lot::look_locked(address(), [&](const rt::parked& here) {
            for (const rt::waiter* w = here.first(); w != nullptr && alone; w = here.next(*w)) {
                const wait_target& other = wait_target::of(*w);
                alone = other.side() == side || !other.open() || (self != nullptr && self->same_race(other));
            }
        });
        return alone;
    }

    void close() noexcept {
        rt::parking_lot::unpark_chosen(address(), [this](rt::parked& here) {
            closed_.store(true, std::memory_order_release);
            take_all_willing(here);
        });
    }
    bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

 private:
    wait_target* take_first(wait_side side, rt::waiter_queue& taken) noexcept {
        wait_target* found = nullptr;
        taken = rt::parking_lot::take_chosen(address(), [&](rt::parked& here) {
            rt::waiter* const w = first_willing(here, side);
            if (w == nullptr) return;
            found = &wait_target::of(*w);
            here.take(*w, queue_token::handed_over);
        });
        return found;
    }

    std::atomic<bool> closed_{false};
};

}  // namespace heddle::inline v0::detail
