// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a queue is inside whose items do not come out in the order of putting: a store under a lock. How it
// waits is as in ring_core.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/queue_wait.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/queue_result.hpp>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace heddle::inline v0::detail {

/// `Store` keeps the items: prepare(item) says where an item would go, which may throw and changes nothing
/// that can be seen; commit(where, item) puts it there; pop() takes out the next one, or throws and changes
/// nothing; clear(); none but prepare() and pop() throws.
///
/// Invariant: the word is the number of items times `one`, plus bits. It changes under the lock, except that
/// those who are about to wait set their bit, under the bucket's lock, by a compare-and-swap that finds no
/// item (getters_bit) or no room (putters_bit) and no closed_bit. So whoever changes the number of items does
/// it by a compare-and-swap that shows him the bit. While getters_bit is there, there is no item: what is put
/// is handed to the getter who has waited longest. While putters_bit is there, there is no room: who gets an
/// item puts that of the putter who has waited longest. Who finds nobody takes the bit back. Lock order: the
/// lock, then the bucket's. User code (comparing) runs under the lock only.
///
/// Orders: the lock orders what is inside; a hand-over orders by itself. The word decides by the order of its
/// own changes. acquire and release only for those who read it without the lock.
template <class Item, class Store> class locked_core {
 public:
    using item = Item;
    static constexpr const char* kind = "queue";

    explicit locked_core(std::size_t capacity, Store store = {})
        : capacity_(capacity),
          store_(std::move(store)) {
        if (capacity == 0) throw std::invalid_argument("a queue of capacity 0");
    }
    ~locked_core() {
        if (word_.load(std::memory_order_relaxed) & (getters_bit | putters_bit)) [[unlikely]]
            check_nobody_waits("queue", nullptr, address());
    }
    locked_core(const locked_core&) = delete;
    locked_core& operator=(const locked_core&) = delete;

    const void* address() const noexcept { return this; }

    /// Puts what `make()` gives: ok, full or closed. @throws what the store throws.
    template <class Make> queue_status try_put(Make& make) {
        std::unique_lock guard(lock_);
        const auto now = room();
        if (now != queue_status::ok) return now;
        Item i(make());
        const auto where = store_.prepare(i);
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        for (;;) {
            if ((word & getters_bit) != 0) {
                if (hand_over(guard, i)) return queue_status::ok;
                word = word_.load(std::memory_order_relaxed);
            } else if (word_.compare_exchange_weak(word, word + one, std::memory_order_acq_rel,
                                                   std::memory_order_relaxed)) {
                break;
            }
        }
        put_count_.fetch_add(1, std::memory_order_release);
        store_.commit(where, std::move(i));
        return queue_status::ok;
    }

    /// Gets the next item and passes it to `take`: ok, empty, or closed and empty. @throws what the store
    /// throws.
    template <class Take> queue_status try_get(Take& take) {
        std::unique_lock guard(lock_);
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        if (word < one) return (word & closed_bit) != 0 ? queue_status::closed : queue_status::empty;
        Item i(store_.pop());
        rt::waiter_queue taken;
        for (;;) {
            if ((word & putters_bit) != 0) {
                if (take_putter(taken)) break;
                word = word_.load(std::memory_order_relaxed);
            } else if (word_.compare_exchange_weak(word, word - one, std::memory_order_acq_rel,
                                                   std::memory_order_relaxed)) {
                break;
            }
        }
        guard.unlock();
        take(std::move(i));
        rt::parking_lot::wake_all(taken);
        return queue_status::ok;
    }

    queue_status room() const noexcept {
        const std::uint64_t word = word_.load(std::memory_order_acquire);
        if ((word & closed_bit) != 0) return queue_status::closed;
        return word / one < capacity_ ? queue_status::ok : queue_status::full;
    }
    bool get_must_wait() noexcept {
        return must_wait(getters_bit, [](std::uint64_t word) { return word < one; });
    }
    bool put_must_wait() noexcept {
        return must_wait(putters_bit, [this](std::uint64_t word) { return word / one >= capacity_; });
    }
    bool getters_wait() const noexcept { return (word_.load(std::memory_order_relaxed) & getters_bit) != 0; }
    bool putters_wait() const noexcept { return (word_.load(std::memory_order_relaxed) & putters_bit) != 0; }

    void close() noexcept {
        rt::waiter_queue taken;
        {
            std::lock_guard guard(lock_);
            taken = rt::parking_lot::take_chosen(address(), [this](rt::parked& here) {
                std::uint64_t word = word_.load(std::memory_order_relaxed);
                while (!word_.compare_exchange_weak(word, (word | closed_bit) & ~(getters_bit | putters_bit),
                                                    std::memory_order_acq_rel, std::memory_order_relaxed)) {
                }
                take_all_willing(here);
            });
        }
        rt::parking_lot::wake_all(taken);
    }
    bool closed() const noexcept { return room() == queue_status::closed; }
    /// After close(): drops what is inside. @return how many that were.
    std::uint64_t drop_all() noexcept {
        std::uint64_t n = 0;
        const Store dropped = [&] {
            std::lock_guard guard(lock_);
            n = word_.exchange(closed_bit, std::memory_order_acq_rel) / one;
            return store_.take_all();
        }();
        return n;  // the items go after the lock is free
    }

    std::uint64_t put_count() const noexcept { return put_count_.load(std::memory_order_acquire); }
    std::size_t size() const noexcept {
        return static_cast<std::size_t>(word_.load(std::memory_order_relaxed) / one);
    }
    std::size_t capacity() const noexcept { return capacity_; }

 private:
    static constexpr std::uint64_t closed_bit = 1;
    static constexpr std::uint64_t getters_bit = 2;
    static constexpr std::uint64_t putters_bit = 4;
    static constexpr std::uint64_t one = 8;

    template <class Full> bool must_wait(std::uint64_t bit, Full nothing_to_do) noexcept {
        std::uint64_t word = word_.load(std::memory_order_acquire);
        do {
            if ((word & closed_bit) != 0 || !nothing_to_do(word)) return false;
            if ((word & bit) != 0) return true;
        } while (!word_.compare_exchange_weak(word, word | bit, std::memory_order_acq_rel,
                                              std::memory_order_acquire));
        return true;
    }

    // Takes out who has waited longest, and takes back `bit` if nobody is left. Null if there is nobody.
    wait_target* take_first(std::uint64_t bit, rt::waiter_queue& taken) noexcept {
        wait_target* found = nullptr;
        taken = rt::parking_lot::take_chosen(address(), [&](rt::parked& here) {
            if (rt::waiter* const w = first_willing(here)) {
                found = &wait_target::of(*w);
                here.take(*w, queue_token::handed_over);
                if (here.first() != nullptr) return;
            }
            word_.fetch_and(~bit, std::memory_order_acq_rel);
        });
        return found;
    }

    bool hand_over(std::unique_lock<mutex>& guard, Item& i) noexcept {
        rt::waiter_queue taken;
        auto* const to = static_cast<get_target<Item>*>(take_first(getters_bit, taken));
        if (to == nullptr) return false;
        put_count_.fetch_add(1, std::memory_order_release);
        guard.unlock();
        to->item.emplace(std::move(i));
        rt::parking_lot::wake_all(taken);
        return true;
    }

    // Puts the item of the first putter, in place of one that was popped. One for whom that throws is told
    // and the next one served.
    bool take_putter(rt::waiter_queue& taken) noexcept {
        for (;;) {
            auto* const from = static_cast<put_target<Item>*>(take_first(putters_bit, taken));
            if (from == nullptr) return false;
            Item i(from->give());
            try {
                const auto where = store_.prepare(i);
                put_count_.fetch_add(1, std::memory_order_release);
                store_.commit(where, std::move(i));
                return true;
            } catch (...) {
                from->error = std::current_exception();
            }
            rt::parking_lot::wake_all(taken);
            if ((word_.load(std::memory_order_relaxed) & putters_bit) == 0) return false;
        }
    }

    const std::size_t capacity_;
    mutex lock_;
    std::atomic<std::uint64_t> word_{0};
    std::atomic<std::uint64_t> put_count_{0};
    Store store_;
};

}  // namespace heddle::inline v0::detail
