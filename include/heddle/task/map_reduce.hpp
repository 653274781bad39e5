// SPDX-License-Identifier: BSL-1.0
#pragma once

// Map many inputs on any executor, and reduce the results as they come, in the order of the inputs. With
// process_pool both functions have to travel.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/task/executor.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/map_result.hpp>
#include <heddle/task/task.hpp>
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

/// How map_reduce() goes about it.
struct map_reduce_options {
    /// How many items are mapped and reduced by one task; 0 makes about eight tasks for each worker.
    std::size_t chunk = 0;
    rt::deadline until = rt::deadline::never();
    /// How often a task is tried whose worker dies. If more than once, its items are copied.
    unsigned attempts = 1;
    /// By the caller of map_reduce(), before a task is tried again.
    std::function<void(const worker_died& why)> on_retry{};
    /// By the caller of map_reduce(), when the results of so many more items have been reduced.
    std::function<void(std::size_t items)> on_reduced{};
};

namespace detail {

/// The tasks of a map_reduce(), each of which maps and reduces a chunk of the items.
template <class E, class Item, class Map, class Reduce> class reduction {
    using R = std::decay_t<std::invoke_result_t<Map&, Item>>;
    struct part {
        std::size_t begin;
        std::size_t size;
        unsigned attempts_left;
        future<R> result;
    };

 public:
    reduction(E& where, std::vector<Item> items, Map map, Reduce reduce, const map_reduce_options& options)
        : where_(where),
          items_(std::move(items)),
          map_(std::move(map)),
          reduce_(std::move(reduce)),
          options_(options) {}
    ~reduction() {
        for (const part& p : parts_)
            if (p.result.valid()) p.result.cancel();
    }
    reduction(const reduction&) = delete;
    reduction& operator=(const reduction&) = delete;

    R run() {
        submit_all();
        for (part& p : parts_) {
            do {
                if (!p.result.wait_until(options_.until)) throw_late();
            } while (!add(p));
        }
        return std::move(*sum_);  // there is an item
    }

    task<R> async_run() {
        submit_all();
        for (part& p : parts_) {
            do {
                if (!co_await p.result.async_wait(options_.until)) throw_late();
            } while (!add(p));
        }
        co_return std::move(*sum_);
    }

 private:
    [[noreturn]] static void throw_late() { throw timeout_error("map_reduce() was not done in time"); }

    void submit_all() {
        const std::size_t chunk =
            options_.chunk != 0 ? options_.chunk : items_.size() / (workers_of(where_) * 8) + 1;
        const unsigned attempts = std::max(options_.attempts, 1u);
        parts_.reserve(items_.size() / chunk + 1);
        for (std::size_t at = 0; at < items_.size(); at += chunk)
            submit(parts_.emplace_back(part{at, std::min(chunk, items_.size() - at), attempts, {}}));
    }

    void submit(part& p) {
        const auto first = items_.begin() + static_cast<std::ptrdiff_t>(p.begin);
        const auto last = first + static_cast<std::ptrdiff_t>(p.size);
        --p.attempts_left;
        p.result = where_.submit(&mapped_part<R, Item, Map, Reduce>::call, copied_or_moved(first, last, p),
                                 map_, reduce_);
    }
    template <class At> std::vector<Item> copied_or_moved(At first, At last, const part& p) {
        if constexpr (std::copy_constructible<Item>)
            if (p.attempts_left > 0) return std::vector<Item>(first, last);
        return std::vector<Item>(std::make_move_iterator(first), std::make_move_iterator(last));
    }
    // Takes its result, which is there. False if its worker has died and it has been submitted again.
    bool add(part& p) {
        std::optional<R> next;
        try {
            next.emplace(std::move(p.result).take());
        } catch (const worker_died& why) {
            if (p.attempts_left == 0 || !std::copy_constructible<Item>) throw;
            if (options_.on_retry) options_.on_retry(why);
        }
        if (!next) {
            submit(p);
            return false;
        }
        if (sum_)
            *sum_ = reduce_(std::move(*sum_), std::move(*next));
        else
            sum_ = std::move(next);
        if (options_.on_reduced) options_.on_reduced(p.size);
        return true;
    }

    E& where_;
    std::vector<Item> items_;
    Map map_;
    Reduce reduce_;
    const map_reduce_options& options_;
    std::vector<part> parts_{};
    std::optional<R> sum_{};
};

}  // namespace detail

/// reduce(map(x0), map(x1) …), in that order, so `reduce` must be associative and need not be commutative.
///
/// Blocks: the current task. Cancellation: what has not started is withdrawn. Throws: std::invalid_argument
/// for no items; the first error in their order; timeout_error after `options.until`; as submit().
template <executor E, class Range, class Map, class Reduce>
auto map_reduce(E& where, Range&& items, Map map, Reduce reduce, const map_reduce_options& options = {}) {
    using item = typename detail::value_of<decltype(std::begin(items))>::type;
    std::vector<item> all;
    detail::for_each_item(std::forward<Range>(items),
                          [&](auto&& x) { all.push_back(std::forward<decltype(x)>(x)); });
    if (all.empty()) throw std::invalid_argument("map_reduce() of no items");
    return detail::reduction<E, item, Map, Reduce>(where, std::move(all), std::move(map), std::move(reduce),
                                                   options)
        .run();
}

/// As map_reduce(), for a coroutine, which is suspended while it waits, and calls `reduce`. `where` has to
/// live until it is over.
template <executor E, class Range, class Map, class Reduce>
auto async_map_reduce(E& where, Range items, Map map, Reduce reduce, map_reduce_options options = {}) -> task<
    std::decay_t<std::invoke_result_t<Map&, typename detail::value_of<decltype(std::begin(items))>::type>>> {
    using item = typename detail::value_of<decltype(std::begin(items))>::type;
    std::vector<item> all;
    detail::for_each_item(std::move(items), [&](auto&& x) { all.push_back(std::forward<decltype(x)>(x)); });
    if (all.empty()) throw std::invalid_argument("async_map_reduce() of no items");
    detail::reduction<E, item, Map, Reduce> work(where, std::move(all), std::move(map), std::move(reduce),
                                                 options);
    co_return co_await work.async_run();
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
                                 const map_reduce_options& options = {}) {
    using item = typename detail::value_of<decltype(std::begin(items))>::type;
    if (std::begin(items) == std::end(items)) return {};
    return map_reduce(where, std::forward<Range>(items),
                      detail::map_by_key<K, V, item, Map, Reduce>{std::move(map), reduce},
                      detail::merge_by_key<K, V, Reduce>{reduce}, options);
}

}  // namespace heddle::inline v0
