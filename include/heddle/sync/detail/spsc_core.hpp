// SPDX-License-Identifier: BSL-1.0
#pragma once

// What an spsc_queue is inside: L. Lamport's ring (1983), in which each side remembers where it last saw the
// other (as in FastForward and its successors), with the waiting of ring_core.

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/queue_wait.hpp>
#include <heddle/sync/queue_result.hpp>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

namespace heddle::inline v0::detail {

/// Invariant: head <= tail <= head + capacity, as counts of items put and got; the items between them are in
/// the ring. The tail is moved on by the producer, after the item is there, the head by the consumer, after
/// it is gone; but for bits nobody else changes them. waiting_bit of the tail is set by the consumer who is
/// about to wait, by a compare-and-swap that finds the tail where the head is; so the producer, who moves the
/// tail on by a compare-and-swap too, sees it there, and then wakes the consumer under the bucket's lock,
/// before which he puts nothing. Likewise waiting_bit of the head, for the producer. closed_bit ends the
/// tail. Who has moved his end on without seeing waiting_bit does not touch the queue any more.
///
/// Orders: release by whoever moves an end on, acquire by the other side when it reads it: this hands over
/// items, and empty slots.
template <class Item> class spsc_core {
    using word = std::uint64_t;

 public:
    using item = Item;
    static constexpr const char* kind = "queue";

    explicit spsc_core(std::size_t capacity)
        : mask_(rounded(capacity) - 1),
          slots_(std::allocator<Item>().allocate(mask_ + 1)) {}
    ~spsc_core() {
        const word t = tail_.load(std::memory_order_acquire);
        const word h = head_.load(std::memory_order_acquire);
        if (((t | h) & waiting_bit) != 0) [[unlikely]]
            check_nobody_waits("queue", nullptr, address());
        for (word n = h / one; n != t / one; ++n) std::destroy_at(slots_ + (n & mask_));
        std::allocator<Item>().deallocate(slots_, mask_ + 1);
    }
    spsc_core(const spsc_core&) = delete;
    spsc_core& operator=(const spsc_core&) = delete;

    const void* address() const noexcept { return this; }

    /// By the producer: puts what `make()` gives: ok, full or closed.
    template <class Make> queue_status try_put(Make& make) noexcept {
        word t = tail_.load(std::memory_order_relaxed);
        if ((t & closed_bit) != 0) return queue_status::closed;
        if (t / one - seen_head_ > mask_) {
            seen_head_ = head_.load(std::memory_order_acquire) / one;
            if (t / one - seen_head_ > mask_) return queue_status::full;
        }
        Item* const slot = slots_ + (t / one & mask_);
        ::new (static_cast<void*>(slot)) Item(make());
        t &= ~bits;
        if (tail_.compare_exchange_strong(t, t + one, std::memory_order_release, std::memory_order_relaxed))
            [[likely]]
            return queue_status::ok;
        if (put_slow()) return queue_status::ok;
        // Shut down by another in between: the item cannot be given back.
        std::destroy_at(slot);
        return queue_status::closed;
    }

    /// By the consumer: gets the item that was put first and passes it to `take`: ok, empty, or closed and
    /// empty.
    template <class Take> queue_status try_get(Take& take) noexcept {
        word h = head_.load(std::memory_order_relaxed);
        if (h / one == seen_tail_) {
            const word t = tail_.load(std::memory_order_acquire);
            seen_tail_ = t / one;
            if (h / one == seen_tail_)
                return (t & closed_bit) != 0 ? queue_status::closed : queue_status::empty;
        }
        Item* const slot = slots_ + (h / one & mask_);
        take(std::move(*slot));
        std::destroy_at(slot);
        h &= ~bits;
        if (!head_.compare_exchange_strong(h, h + one, std::memory_order_release, std::memory_order_relaxed))
            [[unlikely]]
            get_slow();
        return queue_status::ok;
    }

    queue_status room() const noexcept {
        const word t = tail_.load(std::memory_order_acquire);
        if ((t & closed_bit) != 0) return queue_status::closed;
        const word h = head_.load(std::memory_order_acquire);
        return t / one - h / one > mask_ ? queue_status::full : queue_status::ok;
    }
    bool get_must_wait() noexcept {
        const word h = head_.load(std::memory_order_relaxed);
        word t = tail_.load(std::memory_order_acquire);
        for (;;) {
            if (t / one != h / one || (t & closed_bit) != 0) return false;
            if ((t & waiting_bit) != 0 ||
                tail_.compare_exchange_weak(t, t | waiting_bit, std::memory_order_acq_rel,
                                            std::memory_order_acquire))
                return true;
        }
    }
    bool put_must_wait() noexcept {
        const word t = tail_.load(std::memory_order_acquire);
        word h = head_.load(std::memory_order_acquire);
        for (;;) {
            if (t / one - h / one <= mask_ || (t & closed_bit) != 0) return false;
            if ((h & waiting_bit) != 0 ||
                head_.compare_exchange_weak(h, h | waiting_bit, std::memory_order_acq_rel,
                                            std::memory_order_acquire))
                return true;
        }
    }
    // There is nobody of one's own kind.
    bool getters_wait() const noexcept { return false; }
    bool putters_wait() const noexcept { return false; }

    void close() noexcept {
        rt::parking_lot::unpark_chosen(address(), [this](rt::parked& here) {
            word t = tail_.load(std::memory_order_relaxed);
            while (!tail_.compare_exchange_weak(t, (t | closed_bit) & ~waiting_bit, std::memory_order_acq_rel,
                                                std::memory_order_relaxed)) {
            }
            head_.fetch_and(~waiting_bit, std::memory_order_acq_rel);
            take_all_willing(here);
        });
    }
    bool closed() const noexcept { return (tail_.load(std::memory_order_acquire) & closed_bit) != 0; }
    std::size_t size() const noexcept {
        const word h = head_.load(std::memory_order_acquire) / one;
        const word t = tail_.load(std::memory_order_acquire) / one;
        return t > h ? static_cast<std::size_t>(std::min<word>(t - h, mask_ + 1)) : 0;
    }
    std::size_t capacity() const noexcept { return mask_ + 1; }

 private:
    static constexpr word closed_bit = 1;   // of the tail
    static constexpr word waiting_bit = 2;  // of the tail: the consumer waits; of the head: the producer
    static constexpr word bits = 3;
    static constexpr word one = 4;

    static std::size_t rounded(std::size_t capacity) {
        if (capacity == 0) throw std::invalid_argument("a queue of capacity 0");
        if (capacity > std::numeric_limits<std::size_t>::max() / 4) throw std::bad_alloc();
        return std::bit_ceil(capacity);
    }

    // Moves the tail on where it has a bit; false if that is closed_bit. The consumer, if it waits, looks for
    // the item by itself: nobody else does.
    [[gnu::noinline]] bool put_slow() noexcept {
        bool put = false;
        rt::parking_lot::unpark_chosen(address(), [&](rt::parked& here) {
            word t = tail_.load(std::memory_order_relaxed);
            if ((t & closed_bit) != 0) return;
            take_all_willing(here);
            // Only we move it, and bits are changed under this lock.
            tail_.exchange((t & ~bits) + one, std::memory_order_acq_rel);
            put = true;
        });
        return put;
    }
    [[gnu::noinline]] void get_slow() noexcept {
        rt::parking_lot::unpark_chosen(address(), [this](rt::parked& here) {
            take_all_willing(here);
            head_.exchange((head_.load(std::memory_order_relaxed) & ~bits) + one, std::memory_order_acq_rel);
        });
    }

    const std::size_t mask_;
    Item* const slots_;
    alignas(64) std::atomic<word> tail_{0};
    word seen_head_ = 0;  // by the producer, at some time
    alignas(64) std::atomic<word> head_{0};
    word seen_tail_ = 0;  // by the consumer, at some time
};

}  // namespace heddle::inline v0::detail
