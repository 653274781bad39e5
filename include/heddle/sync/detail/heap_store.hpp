// SPDX-License-Identifier: BSL-1.0
#pragma once

// A binary heap that stays as it is when comparing throws, and gives equals in the order of putting. All that
// has to be compared is compared before anything is moved.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <heddle/sync/detail/stored_item.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace heddle::inline v0::detail {

/// The smallest T by `Compare` comes first.
template <class T, class Compare> class heap_store {
    using item = stored<T>;
    struct entry {
        item what;
        std::uint64_t number;  // in the order of putting
    };

 public:
    explicit heap_store(Compare less = {}) : less_(std::move(less)) {}

    // Where the item would rise to. Equals came earlier, so they stay above it.
    std::size_t prepare(item& i) {
        if (heap_.size() == heap_.capacity()) heap_.reserve(std::max<std::size_t>(16, 2 * heap_.size()));
        std::size_t at = heap_.size();
        while (at > 0 && less_(item_in<T>(i), of(parent(at)))) at = parent(at);
        return at;
    }
    void commit(std::size_t where, item&& i) noexcept {
        heap_.push_back(entry{std::move(i), next_number_++});
        for (std::size_t at = heap_.size() - 1; at != where; at = parent(at)) {
            entry rising(std::move(heap_[at]));
            replace(at, std::move(heap_[parent(at)]));
            replace(parent(at), std::move(rising));
        }
    }
    item pop() {
        const std::size_t last = heap_.size() - 1;
        // Where the last one would sink to from the top, without moving anything.
        std::size_t at = 0;
        for (std::size_t child = 1; child < last; child = 2 * at + 1) {
            if (child + 1 < last && before(child + 1, child)) ++child;
            if (!before(child, last)) break;
            at = child;
        }
        item top(std::move(heap_[0].what));
        std::array<std::size_t, 64> way;  // from `at` up to the top, which it does not contain
        std::size_t steps = 0;
        for (; at > 0; at = parent(at)) way[steps++] = at;
        while (steps > 0) {
            const std::size_t below = way[--steps];
            replace(parent(below), std::move(heap_[below]));
            at = below;
        }
        if (at != last) replace(at, std::move(heap_[last]));
        heap_.pop_back();
        return top;
    }
    heap_store take_all() noexcept { return std::move(*this); }

 private:
    static std::size_t parent(std::size_t i) noexcept { return (i - 1) / 2; }
    T& of(std::size_t i) noexcept { return item_in<T>(heap_[i].what); }
    bool before(std::size_t a, std::size_t b) {
        if (less_(of(a), of(b))) return true;
        return heap_[a].number < heap_[b].number && !less_(of(b), of(a));
    }
    // By construction and not by assignment, which may throw, or not be there.
    void replace(std::size_t i, entry&& by) noexcept {
        std::destroy_at(&heap_[i]);
        std::construct_at(&heap_[i], std::move(by));
    }

    std::vector<entry> heap_;
    std::uint64_t next_number_ = 0;
    Compare less_;
};

}  // namespace heddle::inline v0::detail
