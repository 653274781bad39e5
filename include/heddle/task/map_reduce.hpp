// SPDX-License-Identifier: BSL-1.0
#pragma once

// Map many inputs on any executor, and reduce the results as they come, in the order of the inputs. With
// process_pool both functions have to travel.

#include <algorithm>
#include <cstddef>
#include <heddle/task/executor.hpp>
#include <heddle/task/map_result.hpp>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

namespace detail {

/// Maps some items and reduces them where they were mapped, so that one result comes back for all of them.
/// A type without captures, so that it travels.
template <class R, class Item, class Map, class Reduce> struct mapped_part {
    static R call(std::vector<Item> items, Map map, Reduce reduce) {
        std::optional<R> sum;
        for (auto& item : items) {
            R next = map(std::move(item));
            if (sum)
                *sum = reduce(std::move(*sum), std::move(next));
            else
                sum.emplace(std::move(next));
        }
        return std::move(*sum);  // parts are not empty
    }
};

template <class E> std::size_t workers_of(E& e) {
    if constexpr (requires { e.workers(); })
        return std::max<std::size_t>(e.workers(), 1);
    else
        return 1;
}

}  // namespace detail

/// reduce(map(x0), map(x1) …), in that order, so `reduce` must be associative and need not be commutative.
/// `options.chunk` items are mapped and reduced by one task; 0 makes about eight tasks for each worker.
///
/// Blocks: the current task. Cancellation: what has not started is withdrawn. Throws: std::invalid_argument
/// for no items; the first error in their order; timeout_error after `options.until`; as submit().
template <executor E, class Range, class Map, class Reduce>
auto map_reduce(E& where, Range&& items, Map map, Reduce reduce, const map_options& options = {}) {
    using item = typename detail::value_of<decltype(std::begin(items))>::type;
    using R = std::decay_t<std::invoke_result_t<Map&, item>>;
    std::vector<item> all;
    detail::for_each_item(std::forward<Range>(items),
                          [&](auto&& x) { all.push_back(std::forward<decltype(x)>(x)); });
    if (all.empty()) throw std::invalid_argument("map_reduce() of no items");
    const std::size_t chunk =
        options.chunk != 0 ? options.chunk : all.size() / (detail::workers_of(where) * 8) + 1;

    std::vector<future<R>> parts;
    try {
        for (std::size_t at = 0; at < all.size(); at += chunk) {
            const auto first = std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(at));
            const auto n = static_cast<std::ptrdiff_t>(std::min(chunk, all.size() - at));
            parts.push_back(where.submit(&detail::mapped_part<R, item, Map, Reduce>::call,
                                         std::vector<item>(first, first + n), map, reduce));
        }
        std::optional<R> sum;
        for (auto& part : parts) {
            if (!part.wait_until(options.until)) part.get_until(options.until);  // throws timeout_error
            R next = std::move(part).take();
            if (sum)
                *sum = reduce(std::move(*sum), std::move(next));
            else
                sum.emplace(std::move(next));
        }
        return std::move(*sum);
    } catch (...) {
        for (const auto& part : parts)
            if (part.valid()) part.cancel();
        throw;
    }
}

namespace detail {

/// What map gives for one item, by key, with equal keys reduced already.
template <class K, class V, class Item, class Map, class Reduce> struct map_by_key {
    std::map<K, V> operator()(Item item) const {
        std::map<K, V> sums;
        for (auto&& [key, value] : map(std::move(item))) {
            const auto [at, added] = sums.try_emplace(std::move(key), std::move(value));
            if (!added) at->second = reduce(std::move(at->second), std::move(value));
        }
        return sums;
    }
    Map map;
    Reduce reduce;
};

/// The smaller into the larger would be quicker, but the order of reduction is that of the items.
template <class K, class V, class Reduce> struct merge_by_key {
    std::map<K, V> operator()(std::map<K, V> a, std::map<K, V> b) const {
        for (auto& [key, value] : b) {
            const auto [at, added] = a.try_emplace(key, std::move(value));
            if (!added) at->second = reduce(std::move(at->second), std::move(value));
        }
        return a;
    }
    Reduce reduce;
};

}  // namespace detail

/// `map` gives a range of pairs (key, value) for each item; the values of equal keys are reduced, first where
/// they were made, then in the order of the items. As map_reduce() otherwise; no items give no keys.
template <class K, class V, executor E, class Range, class Map, class Reduce>
std::map<K, V> map_reduce_by_key(E& where, Range&& items, Map map, Reduce reduce,
                                 const map_options& options = {}) {
    using item = typename detail::value_of<decltype(std::begin(items))>::type;
    if (std::begin(items) == std::end(items)) return {};
    return map_reduce(where, std::forward<Range>(items),
                      detail::map_by_key<K, V, item, Map, Reduce>{std::move(map), reduce},
                      detail::merge_by_key<K, V, Reduce>{reduce}, options);
}

}  // namespace heddle::inline v0
