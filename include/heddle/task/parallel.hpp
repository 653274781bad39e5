// SPDX-License-Identifier: BSL-1.0
#pragma once

// Loops over many items on the pool of the calling task: it works too, and gives away half of what is left
// whenever another worker has nothing to do. Outside a pool they run in place; run_on() goes to one. For
// divide and conquer see join.hpp.

#include <concepts>
#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/task/join.hpp>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>

namespace heddle::inline v0 {

/// How a loop is divided.
struct parallel_options {
    std::size_t grain = 0;  ///< items that are not divided further; 0: found out while running
};

namespace detail {

/// How many items to run before it is looked again whether somebody wants some: as many as take a few
/// microseconds, or the grain that was given.
class HEDDLE_API loop_pace {
 public:
    explicit loop_pace(std::size_t grain) noexcept;
    std::size_t chunk() const noexcept { return chunk_; }
    /// A chunk is done. @throws cancelled if the task was asked to stop
    void next();

 private:
    const bool fixed_;
    std::size_t chunk_;
    rt::clock::time_point before_;
};

/// Calls body(a, b) for parts [a, b) of [first, last), perhaps at the same time: gives half of what is left
/// away whenever somebody has nothing to do.
template <class Body>
void divide_on_request(std::size_t first, std::size_t last, std::size_t grain, const Body& body) {
    fork_context* const forks = fork_context::current();
    for (loop_pace pace(grain); first < last;) {
        const std::size_t left = last - first;
        if (forks != nullptr && left > pace.chunk() && forks->wanted()) {
            const std::size_t middle = first + left / 2;
            join([&] { divide_on_request(first, middle, grain, body); },
                 [&] { divide_on_request(middle, last, grain, body); });
            return;
        }
        const std::size_t n = left < pace.chunk() ? left : pace.chunk();
        body(first, first + n);
        first += n;
        if (first < last) pace.next();
    }
}

/// The same, and half is there to be taken from the beginning: a single item may take long.
template <class Body> void divide(std::size_t first, std::size_t last, std::size_t grain, const Body& body) {
    const fork_context* const forks = fork_context::current();
    const std::size_t items = last - first;
    if (forks == nullptr || items <= (grain == 0 ? 1 : grain) || !forks->nothing_forked())
        return divide_on_request(first, last, grain, body);
    const std::size_t middle = first + items / 2;
    join([&] { divide_on_request(first, middle, grain, body); },
         [&] { divide_on_request(middle, last, grain, body); });
}

/// What a part of a loop calls: a copy of a small closure, or the closure itself. What lies in the part's own
/// frame is kept in registers; the loop's body might otherwise write, for all the compiler knows, where it
/// lies, and it would be read again for each item.
template <class F, class... Args> decltype(auto) of_a_part(F& f) {
    constexpr bool small = std::is_trivially_copyable_v<F> && sizeof(F) <= 64;
    if constexpr (small && std::is_invocable_v<const F&, Args...>)
        return F(f);
    else
        return static_cast<F&>(f);
}

/// The blocks of a computation whose result must not depend on who runs what: they follow from the number of
/// items alone.
class fixed_blocks {
 public:
    fixed_blocks(std::size_t items, std::size_t grain) noexcept
        : items_(items),
          size_(grain != 0 ? grain : (items + most - 1) / most) {}
    std::size_t count() const noexcept { return size_ == 0 ? 0 : (items_ + size_ - 1) / size_; }
    std::size_t begin(std::size_t block) const noexcept { return block * size_; }
    std::size_t end(std::size_t block) const noexcept {
        const std::size_t e = begin(block) + size_;
        return e < items_ ? e : items_;
    }

 private:
    static constexpr std::size_t most = 1024;
    std::size_t items_;
    std::size_t size_;
};

/// combine over leaf(block) of the blocks [first, last), which are not none, always in the same tree.
template <class T, class Leaf, class Combine>
T reduce_blocks(std::size_t first, std::size_t last, const Leaf& leaf, const Combine& combine) {
    if (last - first == 1) return leaf(first);
    const std::size_t middle = first + (last - first) / 2;
    auto [a, b] = join([&] { return reduce_blocks<T>(first, middle, leaf, combine); },
                       [&] { return reduce_blocks<T>(middle, last, leaf, combine); });
    return combine(std::move(a), std::move(b));
}

}  // namespace detail

/// Calls `f(i)` for each `i` in [first, last), in any order, on several workers at the same time: what the
/// calls share has to bear that, and `f` may be copied.
///
/// Blocks: the current task until all calls are over. Cancellation: seen every few microseconds; what has not
/// begun is left out. Throws: the first exception, when the other parts, which are asked to stop, are over;
/// cancelled. Complexity: no allocation.
template <std::integral I, class F> void parallel_for(I first, I last, F f, parallel_options options = {}) {
    if (!(first < last)) return;
    using wide = std::make_unsigned_t<I>;
    // Modulo 2^n, so that also the distance between the extremes of a signed type is right.
    const auto count = static_cast<wide>(static_cast<wide>(last) - static_cast<wide>(first));
    detail::divide(0, static_cast<std::size_t>(count), options.grain, [&](std::size_t a, std::size_t b) {
        auto&& call = detail::of_a_part<F, I>(f);
        const auto offset = static_cast<wide>(first);
        for (; a < b; ++a) call(static_cast<I>(offset + static_cast<wide>(a)));
    });
}

/// Calls `f(*i)` for each iterator `i` in [first, last). As above.
template <std::random_access_iterator I, class F>
void parallel_for(I first, I last, F f, parallel_options options = {}) {
    using distance = std::iter_difference_t<I>;
    if (!(first < last)) return;
    detail::divide(0, static_cast<std::size_t>(last - first), options.grain,
                   [&](std::size_t a, std::size_t b) {
                       auto&& call = detail::of_a_part<F, std::iter_reference_t<I>>(f);
                       I i = first + static_cast<distance>(a);
                       for (; a < b; ++a, ++i) call(*i);
                   });
}

/// Calls `f(item)` for each item. As above.
template <std::ranges::random_access_range R, class F>
    requires std::ranges::sized_range<R>
void parallel_for(R&& items, F f, parallel_options options = {}) {
    const auto first = std::ranges::begin(items);
    parallel_for(first, first + static_cast<std::ranges::range_difference_t<R>>(std::ranges::size(items)),
                 std::move(f), options);
}

/// Calls `f(i, j)` for each pair of [first_i, last_i) and [first_j, last_j). As above; the grain counts
/// pairs.
template <std::integral I, std::integral J, class F>
void parallel_for(I first_i, I last_i, J first_j, J last_j, F f, parallel_options options = {}) {
    if (!(first_i < last_i) || !(first_j < last_j)) return;
    using wide_i = std::make_unsigned_t<I>;
    using wide_j = std::make_unsigned_t<J>;
    // Modulo 2^n, as in one dimension.
    const auto from_i = static_cast<wide_i>(first_i);
    const auto from_j = static_cast<wide_j>(first_j);
    const auto rows = static_cast<std::size_t>(static_cast<wide_i>(static_cast<wide_i>(last_i) - from_i));
    const auto columns = static_cast<std::size_t>(static_cast<wide_j>(static_cast<wide_j>(last_j) - from_j));
    const auto at_i = [from_i](std::size_t i) { return static_cast<I>(from_i + static_cast<wide_i>(i)); };
    const auto at_j = [from_j](std::size_t j) { return static_cast<J>(from_j + static_cast<wide_j>(j)); };
    if (columns > static_cast<std::size_t>(-1) / rows) {  // more pairs than can be counted: row by row
        detail::divide(0, rows, 1, [&](std::size_t a, std::size_t b) {
            for (; a < b; ++a)
                detail::divide(0, columns, options.grain, [&, i = at_i(a)](std::size_t c, std::size_t d) {
                    auto&& call = detail::of_a_part<F, I, J>(f);
                    for (; c < d; ++c) call(i, at_j(c));
                });
        });
        return;
    }
    detail::divide(0, rows * columns, options.grain, [&](std::size_t a, std::size_t b) {
        auto&& call = detail::of_a_part<F, I, J>(f);
        std::size_t i = a / columns;
        std::size_t j = a % columns;
        for (; a < b; ++a) {
            call(at_i(i), at_j(j));
            if (++j == columns) {
                j = 0;
                ++i;
            }
        }
    });
}

/// out[i] = f(items[i]). As parallel_for.
template <std::ranges::random_access_range R, std::random_access_iterator Out, class F>
    requires std::ranges::sized_range<R>
void parallel_transform(R&& items, Out out, F f, parallel_options options = {}) {
    using in_distance = std::ranges::range_difference_t<R>;
    using out_distance = std::iter_difference_t<Out>;
    const auto in = std::ranges::begin(items);
    detail::divide(0, static_cast<std::size_t>(std::ranges::size(items)), options.grain,
                   [&](std::size_t a, std::size_t b) {
                       auto&& call = detail::of_a_part<F, std::ranges::range_reference_t<R>>(f);
                       const auto from = in;
                       const auto to = out;
                       for (; a < b; ++a)
                           to[static_cast<out_distance>(a)] = call(from[static_cast<in_distance>(a)]);
                   });
}

/// combine(init, map(x0), map(x1) …). `combine` must be associative and need not be commutative. The items
/// are grouped by their number alone, so the result does not depend on the number of workers, nor on luck,
/// also where combine is only nearly associative, as the sum of floating point numbers. Both are called on
/// several workers at the same time. Cancellation, Throws: as parallel_for.
template <std::ranges::random_access_range R, class T, class Combine = std::plus<>, class Map = std::identity>
    requires std::ranges::sized_range<R>
T parallel_reduce(R&& items, T init, Combine combine = {}, Map map = {}, parallel_options options = {}) {
    using distance = std::ranges::range_difference_t<R>;
    const detail::fixed_blocks blocks(static_cast<std::size_t>(std::ranges::size(items)), options.grain);
    if (blocks.count() == 0) return init;
    const auto at = std::ranges::begin(items);
    const auto leaf = [&](std::size_t block) {
        std::size_t i = blocks.begin(block);
        T sum(std::invoke(map, at[static_cast<distance>(i)]));
        for (++i; i < blocks.end(block); ++i)
            sum = combine(std::move(sum), std::invoke(map, at[static_cast<distance>(i)]));
        return sum;
    };
    return combine(std::move(init), detail::reduce_blocks<T>(0, blocks.count(), leaf, combine));
}

/// The same for map(i) of the integers in [first, last).
template <std::integral I, class T, class Combine, class Map>
T parallel_reduce(I first, I last, T init, Combine combine, Map map, parallel_options options = {}) {
    if (!(first < last)) return init;
    return parallel_reduce(std::views::iota(first, last), std::move(init), std::move(combine), std::move(map),
                           options);
}

}  // namespace heddle::inline v0
