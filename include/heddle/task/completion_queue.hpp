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
    /// Room for so many that were pushed and not popped, so that no push allocates.
    explicit completion_queue(std::size_t capacity) : ring_(capacity) {}
    /// As much room from now on, if that is more. @throws std::bad_alloc
    void reserve(std::size_t capacity);

    void push(std::size_t index) noexcept;
    /// The next index; nothing if the deadline passed first. @throws cancelled
    std::optional<std::size_t> pop(rt::deadline until);

    // For a coroutine, which waits at the address while there is nothing.
    const void* address() const noexcept { return &available_; }
    bool empty() const noexcept { return available_.load(std::memory_order_acquire) == 0; }
    /// The next index, if there is one.
    std::optional<std::size_t> try_pop() noexcept;

 private:
    rt::word_lock lock_;
    std::vector<std::size_t> ring_;          // under lock_, as first_
    std::size_t first_ = 0;                  // where the oldest is
    std::atomic<std::size_t> available_{0};  // how many; written under lock_, parked on
};

}  // namespace heddle::inline v0::detail
