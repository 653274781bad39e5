// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a FIFO queue is inside: a ring, or where it may grow a chain of rings, each twice as large as the one
// before it.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/queue_ring.hpp>
#include <heddle/sync/detail/queue_wait.hpp>
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/queue_result.hpp>
#include <new>
#include <stdexcept>
#include <utility>

namespace heddle::inline v0::detail {

// Invariants.
//   Positions. head <= tail <= head + capacity, and each only grows. Who moves the tail on by one owns the
//   slot there until he sets its stamp to "item"; who moves the head on owns it until he sets its stamp to
//   "free for the next lap". So an item is put by one compare-and-swap of the tail, which is where the put
//   takes effect, and got by one of the head.
//   Getters wait only at an empty ring, putters only at a full one. waiting_bit of the tail is set by a
//   compare-and-swap, under the bucket's lock, that finds the tail where the head is: then the ring is empty,
//   and whoever puts after that finds the bit in the very word that he has to change. There is no moment at
//   which a getter goes to sleep and a putter does not see it, and no fence is needed (as in Dekker's
//   algorithm) between publishing an item and looking for waiters. While the bit is set nothing is put into
//   the ring, but under the bucket's lock handed to the getter who has waited longest; who finds none clears
//   the bit. Likewise waiting_bit of the head is set when the tail is a lap ahead; while it is there, items
//   are got under the lock, and the room goes to the putter who has waited longest: the ring stays full.
//   closed_bit and moved_bit end the tail: it does not move any more.
//   The chain. Items are put into the last ring, and that is followed by another only after it has got
//   moved_bit; it is left by getters when it is empty as well. So there is one order of all items. Rings are
//   freed with the queue, not before: together they are smaller than the last, and who looks at an old one
//   finds out by its bits. tail_ring_ is moved on before anything is put into the next ring.
//
// "Empty" and "full" are exact: the head is read before the tail, so that if they are equal, the tail was
// there when it was read and the head, being between, as well; likewise the tail before the head for full.
// Where a position is taken and the stamp is not set yet, the other side waits for the stamp: a put that has
// returned is never hidden by one that has not.
//
// Orders.
//   Stamps: release by whoever has put or got the item, acquire by whoever takes the slot next; this hands
//   over the item, and the empty slot.
//   Positions: the items do not need them ordered, "empty" and "full" do: who has read a head reads no tail
//   from before that item was put (release when a position is changed, acquire when it is read first).
//   Who puts or gets does not touch the queue after setting the stamp, nor after waking those whom he has
//   handed an item or room; so whoever then knows that it is not needed may destroy it.
template <class Item> class ring_core {
    using ring = queue_ring<Item>;
    using word = typename ring::word;
    using slot = typename ring::slot;

 public:
    using item = Item;
    static constexpr const char* kind = "queue";

    explicit ring_core(std::size_t capacity)
        : capacity_(capacity),
          first_(ring::make(capacity == unbounded ? first_capacity : checked(capacity))),
          tail_ring_(first_),
          head_ring_(first_) {}
    ~ring_core() {
        const ring& last = *tail_ring_.load(std::memory_order_relaxed);
        if ((last.tail.load(std::memory_order_relaxed) | last.head.load(std::memory_order_relaxed)) &
            ring::waiting_bit) [[unlikely]]
            check_nobody_waits("queue", nullptr, address());
        drop_all();
        for (ring* r = first_; r != nullptr;) ring::free(std::exchange(r, r->next_ring.load()));
    }
    ring_core(const ring_core&) = delete;
    ring_core& operator=(const ring_core&) = delete;

    /// Where those who wait are parked.
    const void* address() const noexcept { return this; }

    /// Puts what `make()` gives: ok, full or closed. @throws std::bad_alloc if it may grow.
    template <class Make> queue_status try_put(Make& make) {
        ring* r = tail_ring_.load(std::memory_order_acquire);
        word t = r->tail.load(std::memory_order_acquire);
        for (;;) {
            slot& s = r->at(t);
            const auto free_now = r->free_stamp(t);
            if ((t & ring::bits) == 0 && s.stamp().load(std::memory_order_acquire) == free_now) [[likely]] {
                if (!r->tail.compare_exchange_weak(t, r->next(t), std::memory_order_acq_rel,
                                                   std::memory_order_acquire))
                    continue;
                fill(s, make, free_now + 1);
                return queue_status::ok;
            }
            queue_status status{};
            if (put_slow(*r, t, make, status)) return status;
            r = tail_ring_.load(std::memory_order_acquire);
            t = r->tail.load(std::memory_order_acquire);
        }
    }

    /// Gets the item that was put first and passes it to `take`: ok, empty, or closed and empty.
    template <class Take> queue_status try_get(Take& take) noexcept {
        ring* r = head_ring_.load(std::memory_order_acquire);
        word h = r->head.load(std::memory_order_acquire);
        for (;;) {
            slot& s = r->at(h);
            const auto stamp = r->free_stamp(h) + 1;
            if ((h & ring::bits) == 0 && s.stamp().load(std::memory_order_acquire) == stamp) [[likely]] {
                if (!r->head.compare_exchange_weak(h, r->next(h), std::memory_order_acq_rel,
                                                   std::memory_order_acquire))
                    continue;
                take_out(s, take);
                s.stamp().store(stamp + 1, std::memory_order_release);
                return queue_status::ok;
            }
            queue_status status{};
            if (get_slow(*r, h, take, status)) return status;
            r = head_ring_.load(std::memory_order_acquire);
            h = r->head.load(std::memory_order_acquire);
        }
    }

    /// What a try_put would come to now.
    queue_status room() const noexcept {
        const ring& r = *tail_ring_.load(std::memory_order_acquire);
        const word t = r.tail.load(std::memory_order_acquire);
        if ((t & ring::closed_bit) != 0) return queue_status::closed;
        if (may_grow() || !r.full(t, r.head.load(std::memory_order_acquire))) return queue_status::ok;
        return queue_status::full;
    }

    // For those who are about to wait, under the bucket's lock: whether there is still nothing to do. Sets
    // waiting_bit.
    bool get_must_wait() noexcept {
        for (;;) {
            ring& r = *head_ring_.load(std::memory_order_acquire);
            const word h = r.head.load(std::memory_order_acquire);
            word t = r.tail.load(std::memory_order_acquire);
            if (!ring::empty(t, h) || (t & (ring::closed_bit | ring::moved_bit)) != 0) return false;
            if ((t & ring::waiting_bit) != 0 ||
                r.tail.compare_exchange_weak(t, t | ring::waiting_bit, std::memory_order_acq_rel,
                                             std::memory_order_relaxed))
                return true;
        }
    }
    bool put_must_wait() noexcept {
        ring& r = *tail_ring_.load(std::memory_order_acquire);
        for (;;) {
            const word t = r.tail.load(std::memory_order_acquire);
            word h = r.head.load(std::memory_order_acquire);
            if (!r.full(t, h) || (t & ring::closed_bit) != 0) return false;
            if ((h & ring::waiting_bit) != 0 ||
                r.head.compare_exchange_weak(h, h | ring::waiting_bit, std::memory_order_acq_rel,
                                             std::memory_order_relaxed))
                return true;
        }
    }
    bool getters_wait() const noexcept {
        const ring& r = *tail_ring_.load(std::memory_order_acquire);
        return (r.tail.load(std::memory_order_relaxed) & ring::waiting_bit) != 0;
    }
    bool putters_wait() const noexcept {
        const ring& r = *head_ring_.load(std::memory_order_acquire);
        return (r.head.load(std::memory_order_relaxed) & ring::waiting_bit) != 0;
    }

    /// From now on nothing is put; wakes everybody who waits.
    void close() noexcept {
        rt::parking_lot::unpark_chosen(address(), [this](rt::parked& here) {
            for (;;) {
                ring& r = *tail_ring_.load(std::memory_order_acquire);
                word t = r.tail.load(std::memory_order_acquire);
                if ((t & ring::moved_bit) != 0) {
                    follow(r);
                } else if (r.tail.compare_exchange_weak(t, (t | ring::closed_bit) & ~ring::waiting_bit,
                                                        std::memory_order_acq_rel,
                                                        std::memory_order_relaxed)) {
                    // Whoever came to wait before this is taken out here; who comes later sees closed_bit.
                    r.head.fetch_and(~ring::waiting_bit, std::memory_order_acq_rel);
                    break;
                }
            }
            take_all_willing(here);
        });
    }
    bool closed() const noexcept { return room() == queue_status::closed; }
    /// After close(): drops what is inside. @return how many that were.
    std::uint64_t drop_all() noexcept {
        std::uint64_t n = 0;
        auto drop = [](Item&&) noexcept {};
        while (try_get(drop) == queue_status::ok) ++n;
        return n;
    }

    /// How many items have ever been put; exact at some moment of the call. Does not go down.
    std::uint64_t put_count() const noexcept {
        const ring& r = *tail_ring_.load(std::memory_order_acquire);
        const std::uint64_t in_rings =
            r.base.load(std::memory_order_relaxed) + r.count(r.tail.load(std::memory_order_acquire));
        return in_rings + handed_over_.load(std::memory_order_acquire);
    }
    std::size_t size() const noexcept {
        const ring& from = *head_ring_.load(std::memory_order_acquire);
        const std::uint64_t got =
            from.base.load(std::memory_order_relaxed) + from.count(from.head.load(std::memory_order_acquire));
        const ring& to = *tail_ring_.load(std::memory_order_acquire);
        const std::uint64_t put =
            to.base.load(std::memory_order_relaxed) + to.count(to.tail.load(std::memory_order_acquire));
        return put > got ? static_cast<std::size_t>(std::min<std::uint64_t>(put - got, capacity_)) : 0;
    }
    std::size_t capacity() const noexcept { return capacity_; }

 private:
    static constexpr std::size_t first_capacity = 64;

    static std::size_t checked(std::size_t capacity) {
        if (capacity == 0) throw std::invalid_argument("a queue of capacity 0");
        return capacity;
    }
    bool may_grow() const noexcept { return capacity_ == unbounded; }

    template <class Make> static void fill(slot& s, Make& make, std::uint32_t stamp) noexcept {
        ::new (static_cast<void*>(s.place)) Item(make());
        s.stamp().store(stamp, std::memory_order_release);
    }
    template <class Take> static void take_out(slot& s, Take& take) noexcept {
        take(std::move(s.item()));
        s.item().~Item();
    }

    // Where it is not simply a matter of taking the next position. True: over, with `status`; false: try
    // again.
    template <class Make> [[gnu::noinline]] bool put_slow(ring& r, word t, Make& make, queue_status& status) {
        if ((t & ring::closed_bit) != 0) {
            status = queue_status::closed;
            return true;
        }
        if ((t & ring::moved_bit) != 0) {
            follow(r);
            return false;
        }
        if ((t & ring::waiting_bit) != 0) return status = queue_status::ok, hand_over(r, make);
        if (r.full(t, r.head.load(std::memory_order_acquire))) {
            if (may_grow()) {
                grow(r, t);
                return false;
            }
            status = queue_status::full;
            return true;
        }
        // Either the tail has moved, or the one who took the item of the lap before is not done with it.
        brief_wait pause;
        while (r.tail.load(std::memory_order_relaxed) == t &&
               r.at(t).stamp().load(std::memory_order_relaxed) != r.free_stamp(t))
            pause.again();
        return false;
    }

    template <class Take>
    [[gnu::noinline]] bool get_slow(ring& r, word h, Take& take, queue_status& status) noexcept {
        if ((h & ring::waiting_bit) != 0) return status = queue_status::ok, get_from_full(r, take);
        const word t = r.tail.load(std::memory_order_acquire);
        if (ring::empty(t, h)) {
            if ((t & ring::moved_bit) != 0) {
                follow(r);
                ring* expected = &r;
                head_ring_.compare_exchange_strong(expected, r.next_ring.load(std::memory_order_acquire),
                                                   std::memory_order_acq_rel, std::memory_order_relaxed);
                return false;
            }
            status = (t & ring::closed_bit) != 0 ? queue_status::closed : queue_status::empty;
            return true;
        }
        wait_for_item(r, h);
        return false;
    }

    // Until the item at `h` is there, or another has taken that position.
    static void wait_for_item(ring& r, word h) noexcept {
        brief_wait pause;
        while (r.head.load(std::memory_order_relaxed) == h &&
               r.at(h).stamp().load(std::memory_order_relaxed) != r.free_stamp(h) + 1)
            pause.again();
    }

    // Getters wait: gives the item to the first of them. The item is moved after the lock is free again; the
    // getter has been taken out and waits for it.
    template <class Make> bool hand_over(ring& r, Make& make) noexcept {
        get_target<Item>* to = nullptr;
        rt::waiter_queue taken = rt::parking_lot::take_chosen(address(), [&](rt::parked& here) {
            if ((r.tail.load(std::memory_order_relaxed) & ring::waiting_bit) == 0) return;
            if (rt::waiter* const w = first_willing(here)) {
                to = &static_cast<get_target<Item>&>(wait_target::of(*w));
                here.take(*w, queue_token::handed_over);
                handed_over_.fetch_add(1, std::memory_order_release);
                if (here.first() != nullptr) return;
            }
            r.tail.fetch_and(~ring::waiting_bit, std::memory_order_acq_rel);
        });
        if (to == nullptr) return false;
        to->item.emplace(make());
        rt::parking_lot::wake_all(taken);
        return true;
    }

    // Putters wait: takes the item at the head, and moves that of the first putter to the tail, which is the
    // same slot a lap later.
    template <class Take> bool get_from_full(ring& r, Take& take) noexcept {
        put_target<Item>* from = nullptr;
        word h = 0;
        rt::waiter_queue taken = rt::parking_lot::take_chosen(address(), [&](rt::parked& here) {
            h = r.head.load(std::memory_order_acquire);
            if ((h & ring::waiting_bit) == 0) return;
            rt::waiter* const w = first_willing(here);
            if (w == nullptr) {
                r.head.fetch_and(~ring::waiting_bit, std::memory_order_acq_rel);
                return;
            }
            from = &static_cast<put_target<Item>&>(wait_target::of(*w));
            here.take(*w, queue_token::handed_over);
            // Nobody else changes either: who puts sees a slot that is not free, who gets sees waiting_bit.
            // The tail first, so that the ring is full all the time, and never empty.
            r.tail.store(r.next(r.tail.load(std::memory_order_relaxed)), std::memory_order_release);
            r.head.store(r.next(h) | (here.first() != nullptr ? ring::waiting_bit : 0),
                         std::memory_order_release);
        });
        if (from == nullptr) return false;
        slot& s = r.at(h);
        const auto stamp = r.free_stamp(h) + 1;
        brief_wait pause;
        while (s.stamp().load(std::memory_order_acquire) != stamp) pause.again();
        take_out(s, take);
        auto make = [from]() noexcept { return from->give(); };
        fill(s, make, stamp + 2);
        rt::parking_lot::wake_all(taken);
        return true;
    }

    // Puts a ring after the full one `r`, whose tail was `t`.
    void grow(ring& r, word t) {
        if (r.next_ring.load(std::memory_order_acquire) == nullptr) {
            ring* const fresh = ring::make(2 * r.capacity());
            ring* none = nullptr;
            if (!r.next_ring.compare_exchange_strong(none, fresh, std::memory_order_acq_rel,
                                                     std::memory_order_relaxed))
                ring::free(fresh);
        }
        // If this fails there is room again, or another has done it. A later lap finds the next ring ready.
        r.tail.compare_exchange_strong(t, t | ring::moved_bit, std::memory_order_acq_rel,
                                       std::memory_order_relaxed);
    }
    // Moves tail_ring_ on from `r`, which has moved_bit. All who do so write the same base.
    void follow(ring& r) noexcept {
        ring* const next = r.next_ring.load(std::memory_order_acquire);
        next->base.store(
            r.base.load(std::memory_order_relaxed) + r.count(r.tail.load(std::memory_order_acquire)),
            std::memory_order_relaxed);
        ring* expected = &r;
        tail_ring_.compare_exchange_strong(expected, next, std::memory_order_acq_rel,
                                           std::memory_order_relaxed);
    }

    const std::size_t capacity_;
    ring* const first_;
    std::atomic<ring*> tail_ring_;
    std::atomic<ring*> head_ring_;
    std::atomic<std::uint64_t> handed_over_{0};  // directly, not through a ring
};

}  // namespace heddle::inline v0::detail
