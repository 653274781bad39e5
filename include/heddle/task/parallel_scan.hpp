// SPDX-License-Identifier: BSL-1.0
#pragma once

// Running sums (or maxima, or whatever is associative) of many items, on the pool of the calling task.

#include <cstddef>
#include <functional>
#include <heddle/task/parallel.hpp>
#include <iterator>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

/// Whether the item itself belongs to the sum at its place.
enum class scan { inclusive, exclusive };

/// out[i] = combine(init, x0 … xi), or without xi if `kind` is exclusive. `out` may be the items themselves.
/// `combine` must be associative; how the items are grouped follows from their number alone. Each item is
/// combined twice. `combine` is called on several workers at the same time.
///
/// Blocks, Cancellation, Throws: as parallel_for. Complexity: an allocation for up to 1024 sums.
template <std::ranges::random_access_range R, std::random_access_iterator Out, class T,
          class Combine = std::plus<>>
    requires std::ranges::sized_range<R>
void parallel_scan(R&& items, Out out, T init, Combine combine = {}, scan kind = scan::inclusive,
                   parallel_options options = {}) {
    using in_distance = std::ranges::range_difference_t<R>;
    using out_distance = std::iter_difference_t<Out>;
    const detail::fixed_blocks blocks(static_cast<std::size_t>(std::ranges::size(items)), options.grain);
    const auto in = std::ranges::begin(items);
    const std::size_t n = blocks.count();
    if (n == 0) return;

    // The sum of each block; then what comes before each; then each block by itself.
    std::vector<std::optional<T>> sums(n);
    parallel_for(std::size_t{0}, n,
                 [&](std::size_t block) {
                     std::size_t i = blocks.begin(block);
                     T sum(in[static_cast<in_distance>(i)]);
                     for (++i; i < blocks.end(block); ++i)
                         sum = combine(std::move(sum), in[static_cast<in_distance>(i)]);
                     sums[block].emplace(std::move(sum));
                 },
                 {.grain = 1});
    T before = std::move(init);
    for (auto& sum : sums) {
        T next = combine(before, std::move(*sum));
        sum.emplace(std::exchange(before, std::move(next)));
    }
    parallel_for(std::size_t{0}, n,
                 [&](std::size_t block) {
                     T sum = std::move(*sums[block]);
                     for (std::size_t i = blocks.begin(block); i < blocks.end(block); ++i) {
                         T with = combine(sum, in[static_cast<in_distance>(i)]);
                         out[static_cast<out_distance>(i)] = kind == scan::inclusive ? with : std::move(sum);
                         sum = std::move(with);
                     }
                 },
                 {.grain = 1});
}

}  // namespace heddle::inline v0
