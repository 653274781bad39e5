// SPDX-License-Identifier: BSL-1.0
#pragma once

// The ring of which the FIFO queues are made: slots with a stamp, and the positions at which the next item is
// put and got. Source: D. Vyukov, "Bounded MPMC queue" (2010); that a position is a lap and an index, so that
// any capacity goes, is from crossbeam's ArrayQueue; the bits in the positions are heddle's own.

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>

namespace heddle::inline v0::detail {

/// A place for an item. The stamp is even while the place is free, for the lap of half its value, and odd
/// while an item is in it; it counts up, from 0. As 32 bits it may wrap around: it is only compared by one
/// who then takes the position, which never repeats, and by then no other lap is meant.
template <class Item> struct ring_slot {
    std::uint32_t stamp_word;
    alignas(Item) std::byte place[sizeof(Item)];

    std::atomic_ref<std::uint32_t> stamp() noexcept { return std::atomic_ref<std::uint32_t>(stamp_word); }
    Item& item() noexcept { return *std::launder(reinterpret_cast<Item*>(place)); }
};

/// One ring. Its memory begins as zeros, which are what free slots of the first lap are; so it costs nothing
/// before it is used, however large it is.
template <class Item> class queue_ring {
 public:
    using word = std::uint64_t;
    using slot = ring_slot<Item>;

    // What the low bits of a position say; those of the tail are closed_bit, moved_bit and waiting_bit (of
    // getters), that of the head is waiting_bit (of putters). The position is in the bits above.
    static constexpr word closed_bit = 1;   // nothing is put any more
    static constexpr word moved_bit = 2;    // nothing is put here any more, but in the next ring
    static constexpr word waiting_bit = 4;  // somebody waits on the other side
    static constexpr word bits = 7;
    static constexpr word one = 8;

    /// @throws std::bad_alloc
    static queue_ring* make(std::size_t capacity) {
        constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 4;
        if (capacity > (most - sizeof(queue_ring)) / sizeof(slot)) throw std::bad_alloc();
        void* const memory = std::calloc(1, offset() + capacity * sizeof(slot) + alignment);
        if (memory == nullptr) throw std::bad_alloc();
        const auto start = (reinterpret_cast<std::uintptr_t>(memory) + alignment - 1) & ~(alignment - 1);
        return ::new (reinterpret_cast<void*>(start)) queue_ring(memory, capacity);
    }
    /// Frees the ring; there must be no items in it.
    static void free(queue_ring* r) noexcept {
        void* const memory = r->memory_;
        r->~queue_ring();
        std::free(memory);
    }

    std::size_t capacity() const noexcept { return capacity_; }
    slot& at(word position) noexcept { return slots()[index(position)]; }
    /// The stamp that the slot of `position` has while it is free for it; the one after says that an item is
    /// there.
    std::uint32_t free_stamp(word position) const noexcept {
        return static_cast<std::uint32_t>(2 * (position / one >> lap_shift_));
    }
    /// The position after this one, without bits.
    word next(word position) const noexcept {
        const word n = position / one;
        if ((n & index_mask_) + 1 < capacity_) return (n + 1) * one;
        return ((n >> lap_shift_) + 1) * one << lap_shift_;
    }
    /// Whether the tail `t` is a whole lap ahead of the head `h`. While an item is got from a full ring and one
    /// that waited is put, it is one place more: the tail moves first.
    bool full(word t, word h) const noexcept { return t / one >= h / one + lap(); }
    static bool empty(word t, word h) noexcept { return t / one == h / one; }
    /// How many items have been put, or got, when the position is this.
    std::uint64_t count(word position) const noexcept {
        return (position / one >> lap_shift_) * capacity_ + index(position);
    }

    // In a queue of several rings, the one that follows, and how many items were put before this ring.
    std::atomic<queue_ring*> next_ring{nullptr};
    std::atomic<std::uint64_t> base{0};

 private:
    static constexpr std::size_t alignment = std::max<std::size_t>(128, alignof(slot));
    static constexpr std::size_t offset() noexcept {
        return (sizeof(queue_ring) + alignment - 1) & ~(alignment - 1);
    }
    queue_ring(void* memory, std::size_t capacity) noexcept
        : memory_(memory),
          capacity_(capacity),
          index_mask_(std::bit_ceil(capacity) - 1),
          lap_shift_(static_cast<unsigned>(std::countr_one(index_mask_))) {}

    std::size_t index(word position) const noexcept { return position / one & index_mask_; }
    word lap() const noexcept { return word{1} << lap_shift_; }
    slot* slots() noexcept { return reinterpret_cast<slot*>(reinterpret_cast<std::byte*>(this) + offset()); }

    void* memory_;
    std::size_t capacity_;
    std::size_t index_mask_;
    unsigned lap_shift_;

 public:
    // Where the next item is put and got. Each is alone on its line, and two lines from the other, because
    // processors fetch lines in pairs; what both sides only read is before them.
    alignas(128) std::atomic<word> tail{0};
    alignas(128) std::atomic<word> head{0};
};

}  // namespace heddle::inline v0::detail
