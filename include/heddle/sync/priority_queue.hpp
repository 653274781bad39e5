// SPDX-License-Identifier: BSL-1.0
#pragma once

// A queue that gives the smallest item first, and equals in the order of putting. Use it where some work is
// more urgent than other work; large items may stay for ever while smaller ones keep coming.

#include <cstddef>
#include <functional>
#include <heddle/sync/detail/heap_store.hpp>
#include <heddle/sync/detail/locked_core.hpp>
#include <heddle/sync/detail/stored_item.hpp>
#include <heddle/sync/queue.hpp>
#include <utility>

namespace heddle::inline v0 {

/// With all members of queue; the smallest by `Compare` first.
///
/// An item that is handed to a getter who waits is compared with nothing. Cancellation: as queue. Throws: as
/// queue, and what comparing throws: to the one who puts or gets, and then the queue is as before, but an
/// item that was to be put is lost if it was moved from. Complexity: a lock around O(log n) comparisons;
/// allocates when it holds more than ever before.
template <class T, class Compare = std::less<T>>
class priority_queue
    : public detail::task_queue<T, detail::locked_core<detail::stored<T>, detail::heap_store<T, Compare>>> {
 public:
    /// Of at most `capacity` items, or `heddle::unbounded`. @throws std::invalid_argument for 0.
    explicit priority_queue(std::size_t capacity, Compare less = {})
        : detail::task_queue<T, detail::locked_core<detail::stored<T>, detail::heap_store<T, Compare>>>(
              capacity, detail::heap_store<T, Compare>(std::move(less))) {}
};

}  // namespace heddle::inline v0
