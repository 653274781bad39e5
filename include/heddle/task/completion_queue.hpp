// SPDX-License-Identifier: BSL-1.0
#pragma once

// Collects which of several futures are done, in the order in which they become so. Internal to wait.hpp.

#include <atomic>
#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/word_lock.hpp>
#include <optional>
#include <vector>

namespace heddle::inline v0::detail {

/// Indices pushed by many threads and popped, blocking, by one.
class HEDDLE_API completion_queue {
 public:
    /// Room for `capacity` pushes in all, so that none of them allocates.
    explicit completion_queue(std::size_t capacity) { order_.reserve(capacity); }

    void push(std::size_t index) noexcept;
    /// The next index; nothing if the deadline passed first. @throws cancelled
    std::optional<std::size_t> pop(rt::deadline until);

 private:
    rt::word_lock lock_;
    std::vector<std::size_t> order_;         // under lock_
    std::size_t taken_ = 0;                  // the popping thread's own
    std::atomic<std::size_t> available_{0};  // order_.size(), readable without the lock; parked on
};

}  // namespace heddle::inline v0::detail
