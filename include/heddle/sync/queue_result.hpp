// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the queues and channels have in common in their interface: what a put or get came to, and how a queue
// ends.

#include <cstddef>
#include <heddle/rt/error.hpp>
#include <heddle/sync/detail/stored_item.hpp>
#include <optional>
#include <utility>

namespace heddle::inline v0 {

/// The capacity of a queue that may grow as long as there is memory.
inline constexpr std::size_t unbounded = static_cast<std::size_t>(-1);

/// What a put or get came to.
enum class queue_status {
    ok,         ///< it did what was asked
    full,       ///< a try_put found no room
    empty,      ///< a try_get found nothing
    timed_out,  ///< as these, when the time was over
    closed,     ///< the queue has been shut down; of a get: and is empty
};

/// How a queue ends.
struct queue_shutdown {
    bool immediate = false;  ///< drop what is inside and count it as dealt with
};

/// What a get came to, with the item if there is one; tests true when there is.
template <class T> class [[nodiscard]] queue_result {
 public:
    explicit queue_result(queue_status without_item) noexcept : status_(without_item) {}
    explicit queue_result(detail::stored<T>&& item) noexcept
        : item_(std::move(item)),
          status_(queue_status::ok) {}

    queue_status status() const noexcept { return status_; }
    explicit operator bool() const noexcept { return status_ == queue_status::ok; }
    /// The item; there must be one.
    T& operator*() & noexcept { return detail::item_in<T>(*item_); }
    T&& operator*() && noexcept { return std::move(detail::item_in<T>(*item_)); }
    T* operator->() noexcept { return &detail::item_in<T>(*item_); }
    /// Moves the item out. @throws invalid_state if there is none; what moving it throws.
    T value() && {
        if (!item_) throw invalid_state("value() of a get that got nothing");
        return std::move(detail::item_in<T>(*item_));
    }

 private:
    std::optional<detail::stored<T>> item_;
    queue_status status_;
};

/// What a put came to; tests true when the item was taken.
template <> class [[nodiscard]] queue_result<void> {
 public:
    explicit queue_result(queue_status status) noexcept : status_(status) {}
    queue_status status() const noexcept { return status_; }
    explicit operator bool() const noexcept { return status_ == queue_status::ok; }

 private:
    queue_status status_;
};

}  // namespace heddle::inline v0
