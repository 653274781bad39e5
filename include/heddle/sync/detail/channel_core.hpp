// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a channel is inside: the ring of a queue, or, of capacity 0, a rendezvous; and how many there are at
// each end.

#include <atomic>
#include <cstddef>
#include <heddle/sync/detail/rendezvous.hpp>
#include <heddle/sync/detail/ring_core.hpp>
#include <heddle/sync/queue_result.hpp>
#include <optional>

namespace heddle::inline v0::detail {

/// As the cores of queues. Whoever does not wait does not look at its kind twice.
template <class Item> class channel_core {
 public:
    using item = Item;
    static constexpr const char* kind = "channel";

    explicit channel_core(std::size_t capacity) {
        if (capacity != 0) ring_.emplace(capacity);
    }

    const void* address() const noexcept { return ring_ ? ring_->address() : meeting_.address(); }

    template <class Make> queue_status try_put(Make& make) {
        return ring_ ? ring_->try_put(make) : meeting_.try_put(make);
    }
    template <class Take> queue_status try_get(Take& take) noexcept {
        return ring_ ? ring_->try_get(take) : meeting_.try_get(take);
    }
    queue_status room() const noexcept {
        if (ring_) return ring_->room();
        return meeting_.closed() ? queue_status::closed : queue_status::ok;
    }
    bool put_must_wait(const wait_target* self = nullptr) noexcept {
        return ring_ ? ring_->put_must_wait() : meeting_.must_wait(wait_side::put, self);
    }
    bool get_must_wait(const wait_target* self = nullptr) noexcept {
        return ring_ ? ring_->get_must_wait() : meeting_.must_wait(wait_side::get, self);
    }
    // Of a rendezvous: whoever waits for the other side to come had better be queued.
    bool putters_wait() const noexcept { return !ring_ || ring_->putters_wait(); }
    bool getters_wait() const noexcept { return !ring_ || ring_->getters_wait(); }

    void close() noexcept { ring_ ? ring_->close() : meeting_.close(); }
    bool closed() const noexcept { return ring_ ? ring_->closed() : meeting_.closed(); }
    void drop_all() noexcept {
        if (ring_) ring_->drop_all();
    }
    std::size_t size() const noexcept { return ring_ ? ring_->size() : 0; }
    std::size_t capacity() const noexcept { return ring_ ? ring_->capacity() : 0; }

 private:
    std::optional<ring_core<Item>> ring_;
    rendezvous<Item> meeting_;
};

/// What the ends of a channel share.
///
/// Invariant: `senders` and `receivers` count the handles that are alive; the last of one kind to go closes
/// the channel. A count that has come to 0 stays so, as a handle is made of another. acq_rel: what the others
/// did with their handles is done when the channel closes.
template <class Item> struct channel_state {
    explicit channel_state(std::size_t capacity) : core(capacity) {}
    channel_core<Item> core;
    std::atomic<std::size_t> senders{1};
    std::atomic<std::size_t> receivers{1};
};

}  // namespace heddle::inline v0::detail
