// SPDX-License-Identifier: BSL-1.0
#pragma once

// What an spsc_queue is inside: L. Lamport's ring (1983), in which each side remembers where it last saw the
// other (as in FastForward and its successors), with the waiting of ring_core.

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/asymmetric_barrier.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/queue_wait.hpp>
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/queue_result.hpp>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

namespace heddle::inline v0::detail {

/// Invariant: head <= tail <= head + capacity, as counts of items put and got; the items between them are in
/// the ring. The tail is moved on by the producer only, after the item is there, the head by the consumer
/// only, after it is gone. All else is said in the word `state_`, which is changed only where somebody waits,
/// has waited or has ended the queue:
///   Who is about to wait says so there, under the bucket's lock, and then looks at the other's end once
///   more; who has moved his end on looks at the state. One of the two sees the other (Dekker). The one who
///   waits makes the barrier for both (rt::heavy_barrier), and asks the other to make one himself from then
///   on (`attends`), so that a side that waits often does not make one each time. The other does so for a
///   number of items and then takes it back. Where there is no heavy barrier, both always attend.
///   Shut down, the queue has come to its end when the consumer has found it empty: he says so in the same
///   way (`ended`) and looks once more. A put of that moment, the producer being between the tail and the
///   state, finds out under the bucket's lock whether he has seen the item, or got it already, and if not
///   takes it back. Who has moved an end on still looks at the state. When he is done with that he counts it
///   (`left`), and who destroys the queue waits until both have left.
///
/// Orders: release by whoever moves an end on, acquire by the other side when it reads it: this hands over
/// items, and empty slots. `left` is released after the state was read, and acquired by the destructor. Where
/// they attend: seq_cst, the tail (or head) exchanged and the state read by the one, the state changed and
/// the tail (or head) read by the other.
template <class Item> class spsc_core {
    using word = std::uint64_t;

 public:
    using item = Item;
    static constexpr const char* kind = "queue";

    explicit spsc_core(std::size_t capacity)
        : mask_(rounded(capacity) - 1),
          slots_(std::allocator<Item>().allocate(mask_ + 1)),
          state_(rt::has_heavy_barrier() ? 0 : producer_attends | consumer_attends) {}
    ~spsc_core() {
        if ((state_.load(std::memory_order_acquire) & (producer_waits | consumer_waits)) != 0) [[unlikely]]
            check_nobody_waits("queue", nullptr, address());
        const word t = everybody_has_left(producer_);
        for (word n = everybody_has_left(consumer_); n != t; ++n) std::destroy_at(slots_ + (n & mask_));
        std::allocator<Item>().deallocate(slots_, mask_ + 1);
    }
    spsc_core(const spsc_core&) = delete;
    spsc_core& operator=(const spsc_core&) = delete;

    const void* address() const noexcept { return this; }

    /// By the producer: puts what `make()` gives: ok, full or closed.
    template <class Make> queue_status try_put(Make& make) noexcept {
        const word t = producer_.end.load(std::memory_order_relaxed);
        const auto state = state_.load(std::memory_order_relaxed);
        if ((state & closed_bit) != 0) return queue_status::closed;
        if (t - producer_.seen > mask_) {
            producer_.seen = consumer_.end.load(std::memory_order_acquire);
            if (t - producer_.seen > mask_) return queue_status::full;
        }
        ::new (static_cast<void*>(slots_ + (t & mask_))) Item(make());
        if (moved_on(producer_, t + 1, state, of_producer)) [[likely]]
            return queue_status::ok;
        return settle_put(t);
    }

    /// By the consumer: gets the item that was put first and passes it to `take`: ok, empty, or closed and
    /// empty.
    template <class Take> queue_status try_get(Take& take) noexcept {
        const word h = consumer_.end.load(std::memory_order_relaxed);
        const auto state = state_.load(std::memory_order_relaxed);
        if (h == consumer_.seen) {
            if ((state & ended_bit) != 0) return queue_status::closed;
            consumer_.seen = producer_.end.load(std::memory_order_acquire);
            if (h == consumer_.seen) {
                consumer_.waited = true;
                return empty_or_ended(h);
            }
            if (std::exchange(consumer_.waited, false)) adapt_patience(consumer_.seen - h);
        }
        Item* const slot = slots_ + (h & mask_);
        take(std::move(*slot));
        std::destroy_at(slot);
        if (!moved_on(consumer_, h + 1, state, of_consumer)) [[unlikely]]
            settle_get(h);
        return queue_status::ok;
    }

    queue_status room() const noexcept {
        if (closed()) return queue_status::closed;
        const word t = producer_.end.load(std::memory_order_acquire);
        const word h = consumer_.end.load(std::memory_order_acquire);
        return t - h > mask_ ? queue_status::full : queue_status::ok;
    }
    bool get_must_wait() noexcept {
        announce(consumer_waits, producer_attends);
        if (producer_.end.load(std::memory_order_seq_cst) == consumer_.end.load(std::memory_order_relaxed) &&
            !closed())
            return true;
        state_.fetch_and(~consumer_waits, std::memory_order_relaxed);
        return false;
    }
    bool put_must_wait() noexcept {
        announce(producer_waits, consumer_attends);
        if (producer_.end.load(std::memory_order_relaxed) - consumer_.end.load(std::memory_order_seq_cst) >
                mask_ &&
            !closed())
            return true;
        state_.fetch_and(~producer_waits, std::memory_order_relaxed);
        return false;
    }
    /// How many pauses the consumer makes before he looks again at an empty ring.
    std::size_t get_patience() const noexcept { return consumer_.patience; }
    // There is nobody of one's own kind.
    bool getters_wait() const noexcept { return false; }
    bool putters_wait() const noexcept { return false; }

    void close() noexcept {
        wake(producer_waits | consumer_waits, [this] {
            state_.fetch_or(closed_bit, std::memory_order_release);
            return true;
        });
    }
    bool closed() const noexcept { return (state_.load(std::memory_order_acquire) & closed_bit) != 0; }
    std::size_t size() const noexcept {
        if (ended()) return 0;
        const word h = consumer_.end.load(std::memory_order_acquire);
        const word t = producer_.end.load(std::memory_order_acquire);
        return t > h ? static_cast<std::size_t>(std::min<word>(t - h, mask_ + 1)) : 0;
    }
    std::size_t capacity() const noexcept { return mask_ + 1; }

 private:
    using state_word = std::uint32_t;
    static constexpr state_word consumer_waits = 1;
    static constexpr state_word producer_waits = 2;
    static constexpr state_word closed_bit = 4;
    static constexpr state_word ended_bit = 8;
    static constexpr state_word producer_attends = 16;
    static constexpr state_word consumer_attends = 32;
    // What each has to heed when he has moved his end on.
    static constexpr state_word of_producer = consumer_waits | closed_bit | ended_bit | producer_attends;
    static constexpr state_word of_consumer = producer_waits | consumer_attends;

    // In pauses.
    static constexpr std::size_t first_patience = 7;
    static constexpr std::size_t most_patience = 31;
    static constexpr std::size_t try_after = 32;
    // Who has attended so often does so no more until he is asked again: the barrier that this will cost is
    // small against those he has made.
    static constexpr std::uint32_t attend_for = 128;

    struct alignas(64) side {
        std::atomic<word> end{0};    // the tail of the producer, the head of the consumer
        std::atomic<word> left{0};   // where the end was when the owner was last done with the queue
        word seen = 0;               // the other's end, at some time
        std::uint32_t attended = 0;  // how often he has made a barrier
        std::size_t patience = 0;    // of the consumer: for how long he waits before he looks again
        std::size_t singles = 0;     // how often that has brought him one item
        bool waited = false;         // whether he found nothing when he looked last
    };

    static std::size_t rounded(std::size_t capacity) {
        if (capacity == 0) throw std::invalid_argument("a queue of capacity 0");
        if (capacity > std::numeric_limits<std::size_t>::max() / 4) throw std::bad_alloc();
        return std::bit_ceil(capacity);
    }
    // Where the end is.
    static word everybody_has_left(const side& of) noexcept {
        brief_wait pause;
        for (;;) {
            const word left = of.left.load(std::memory_order_acquire);
            if (of.end.load(std::memory_order_acquire) == left) return left;
            pause.again();
        }
    }

    // Moves the end of `mine` on; false if the rest is left to settle_put() or settle_get(), then perhaps
    // that as well.
    bool moved_on(side& mine, word to, state_word before, state_word heeded) noexcept {
        if ((before & heeded) != 0) return false;
        mine.end.store(to, std::memory_order_release);
        rt::light_barrier();
        if ((state_.load(std::memory_order_relaxed) & heeded) != 0) [[unlikely]]
            return false;
        mine.left.store(to, std::memory_order_release);
        return true;
    }

    // Says `what`; the owner of the other end, who has been asked to attend, has either moved it on before,
    // and that is seen from here on, or sees this.
    void announce(state_word what, state_word attends) noexcept {
        if ((state_.fetch_or(what | attends, std::memory_order_seq_cst) & attends) == 0) rt::heavy_barrier();
    }

    // Moves the end of `mine` on, if that has not been done yet, with a barrier. @return the state after it.
    state_word attend(side& mine, word to, state_word attends) noexcept {
        mine.end.exchange(to, std::memory_order_seq_cst);
        if (++mine.attended % attend_for != 0 || !rt::has_heavy_barrier())
            return state_.load(std::memory_order_seq_cst);
        return state_.fetch_and(~attends, std::memory_order_seq_cst);
    }

    bool ended() const noexcept { return (state_.load(std::memory_order_acquire) & ended_bit) != 0; }

    // Calls `happened` under the bucket's lock, and if it says yes takes back `waits` and wakes whoever
    // waits, to look for himself.
    template <class Happened> void wake(state_word waits, Happened happened) noexcept {
        rt::parking_lot::unpark_chosen(address(), [&](rt::parked& here) {
            if (!happened()) return;
            state_.fetch_and(~waits, std::memory_order_relaxed);
            take_all_willing(here);
        });
    }

    // The item is in the place at `t`, and somebody waits, or the end is near, or one has to attend.
    [[gnu::noinline]] queue_status settle_put(word t) noexcept {
        bool put = true;
        if ((attend(producer_, t + 1, producer_attends) & (consumer_waits | ended_bit)) != 0)
            wake(consumer_waits, [&] { return put = !ended() || consumer_.end.load() > t; });
        if (!put) {
            producer_.end.store(t, std::memory_order_release);
            // It cannot be given back.
            std::destroy_at(slots_ + (t & mask_));
        }
        producer_.left.store(put ? t + 1 : t, std::memory_order_release);
        return put ? queue_status::ok : queue_status::closed;
    }
    [[gnu::noinline]] void settle_get(word h) noexcept {
        if ((attend(consumer_, h + 1, consumer_attends) & producer_waits) != 0)
            wake(producer_waits, [] { return true; });
        consumer_.left.store(h + 1, std::memory_order_release);
    }

    // The consumer has found nothing.
    [[gnu::noinline]] queue_status empty_or_ended(word h) noexcept {
        if (!closed()) return queue_status::empty;
        rt::parking_lot::unpark_chosen(address(), [&](rt::parked&) {
            announce(ended_bit, producer_attends);
            if (producer_.end.load(std::memory_order_seq_cst) != h)
                state_.fetch_and(~ended_bit, std::memory_order_relaxed);
        });
        return ended() ? queue_status::closed : queue_status::empty;
    }

    // Who takes each item as it comes shares the tail's cache line with the producer all the time, and both
    // are several times slower. So the consumer waits for a moment, and for longer as long as that brings
    // more; but not where it brings one item, because who is sent an item and answers it would be kept
    // waiting. Whether there is a stream is tried now and then.
    void adapt_patience(word found) noexcept {
        side& mine = consumer_;
        if (found <= 1)
            mine.patience = ++mine.singles % try_after == 0 ? first_patience : 0;
        else if (found > 1 + mine.patience / 4)
            mine.patience = std::min(2 * mine.patience + 1, most_patience);
    }

    const std::size_t mask_;
    Item* const slots_;
    std::atomic<state_word> state_;
    side producer_;
    side consumer_;
};

}  // namespace heddle::inline v0::detail
