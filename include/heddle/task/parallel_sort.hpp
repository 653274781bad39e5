// SPDX-License-Identifier: BSL-1.0
#pragma once

// Sorting on the pool of the calling task.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <heddle/task/join.hpp>
#include <heddle/task/parallel.hpp>
#include <iterator>
#include <ranges>
#include <utility>

namespace heddle::inline v0 {

namespace detail {

constexpr std::size_t sort_grain = 4096;

/// Quicksort whose parts are sorted at the same time; a part that divides badly again and again is left to
/// the sequential sort, so that the worst case stays n log n.
template <class I, class Less> void sort_part(I first, I last, Less& less, std::size_t grain, int depth) {
    const auto n = static_cast<std::size_t>(last - first);
    if (n <= grain || depth == 0) {
        std::sort(first, last, less);
        return;
    }
    using distance = std::iter_difference_t<I>;
    // The median of nine, put first.
    const auto step = static_cast<distance>(n / 8);
    const auto median = [&](I a, I b, I c) {
        return less(*a, *b) ? (less(*b, *c)   ? b
                               : less(*a, *c) ? c
                                              : a)
                            : (less(*a, *c)   ? a
                               : less(*b, *c) ? c
                                              : b);
    };
    const I end = last - 1;
    std::iter_swap(first, median(median(first, first + step, first + 2 * step),
                                 median(first + 3 * step, first + 4 * step, first + 5 * step),
                                 median(first + 6 * step, first + 7 * step, end)));
    // Those equal to the pivot are put in the middle, so that many of them are quick and not slow.
    I less_end = first;
    I same_end = first + 1;
    I more_begin = last;
    while (same_end < more_begin) {
        if (less(*same_end, *less_end)) {
            std::iter_swap(less_end, same_end);
            ++less_end;
            ++same_end;
        } else if (less(*less_end, *same_end)) {
            --more_begin;
            std::iter_swap(same_end, more_begin);
        } else {
            ++same_end;
        }
    }
    join([&] { sort_part(first, less_end, less, grain, depth - 1); },
         [&] { sort_part(more_begin, last, less, grain, depth - 1); });
}

template <class I, class Less> void stable_sort_part(I first, I last, Less& less, std::size_t grain) {
    const auto n = last - first;
    if (static_cast<std::size_t>(n) <= grain) {
        std::stable_sort(first, last, less);
        return;
    }
    const I middle = first + n / 2;
    join([&] { stable_sort_part(first, middle, less, grain); },
         [&] { stable_sort_part(middle, last, less, grain); });
    std::inplace_merge(first, middle, last, less);
}

template <class Compare, class Projection> auto projected_less(Compare& less, Projection& projection) {
    return [&less, &projection](const auto& a, const auto& b) -> bool {
        return std::invoke(less, std::invoke(projection, a), std::invoke(projection, b));
    };
}

}  // namespace detail

/// Sorts the items; equal ones end up in any order. `less` and `projection` are called from several workers.
///
/// Blocks: the current task. Throws: what `less`, `projection` or a move throws, and then the items are there
/// in some order; cancelled, likewise. Complexity: n log n, no allocation.
template <std::ranges::random_access_range R, class Compare = std::ranges::less,
          class Projection = std::identity>
void parallel_sort(R&& items, Compare less = {}, Projection projection = {}, parallel_options options = {}) {
    auto by = detail::projected_less(less, projection);
    const auto first = std::ranges::begin(items);
    const auto n = std::ranges::distance(items);
    int depth = 8;
    for (auto left = n; left > 1; left /= 2) depth += 2;
    detail::sort_part(first, first + n, by,
                      options.grain != 0 ? std::max<std::size_t>(options.grain, 16) : detail::sort_grain,
                      depth);
}

/// As parallel_sort(), and equal items keep their order. Complexity: allocates while it merges.
template <std::ranges::random_access_range R, class Compare = std::ranges::less,
          class Projection = std::identity>
void parallel_stable_sort(R&& items, Compare less = {}, Projection projection = {},
                          parallel_options options = {}) {
    auto by = detail::projected_less(less, projection);
    const auto first = std::ranges::begin(items);
    detail::stable_sort_part(first, first + std::ranges::distance(items), by,
                             options.grain != 0 ? options.grain : detail::sort_grain);
}

}  // namespace heddle::inline v0
