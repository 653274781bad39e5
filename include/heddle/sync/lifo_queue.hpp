// SPDX-License-Identifier: BSL-1.0
#pragma once

// A queue that gives the newest item first: a stack that tasks can wait at. Use it where the latest matters
// most, or what was touched last is best reused; the oldest items may stay for ever.

#include <algorithm>
#include <cstddef>
#include <heddle/sync/detail/locked_core.hpp>
#include <heddle/sync/detail/stored_item.hpp>
#include <heddle/sync/queue.hpp>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

namespace detail {

/// The newest is on top.
template <class Item> class stack_store {
 public:
    struct place {};
    place prepare(const Item&) {
        if (items_.size() == items_.capacity()) items_.reserve(std::max<std::size_t>(16, 2 * items_.size()));
        return {};
    }
    void commit(place, Item&& i) noexcept { items_.push_back(std::move(i)); }
    Item pop() noexcept {
        Item top(std::move(items_.back()));
        items_.pop_back();
        return top;
    }
    stack_store take_all() noexcept { return std::move(*this); }

 private:
    std::vector<Item> items_;
};

}  // namespace detail

/// With all members of queue; last in, first out.
///
/// Cancellation and Throws: as queue. Complexity: a lock around a few instructions; allocates when it holds
/// more than ever before.
template <class T>
class lifo_queue : public detail::task_queue<
                       T, detail::locked_core<detail::stored<T>, detail::stack_store<detail::stored<T>>>> {
 public:
    /// Of at most `capacity` items, or `heddle::unbounded`. @throws std::invalid_argument for 0.
    explicit lifo_queue(std::size_t capacity)
        : detail::task_queue<T,
                             detail::locked_core<detail::stored<T>, detail::stack_store<detail::stored<T>>>>(
              capacity) {}
};

}  // namespace heddle::inline v0
