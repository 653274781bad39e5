// SPDX-License-Identifier: BSL-1.0
#pragma once

// Several ranges read together, as far as the shortest goes, for map() of several. Internal to the executors.
// (std::views::zip, which C++20 does not have, gives references and cannot give the items away.)

#include <algorithm>
#include <cstddef>
#include <heddle/task/map_result.hpp>
#include <iterator>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::inline v0::detail {

/// Reads one range, once; `gives` says whether the items may be moved out of it.
template <std::ranges::view View, bool gives> class item_reader {
    using iterator = std::ranges::iterator_t<View>;

 public:
    using view = View;
    using item = typename value_of<iterator>::type;

    explicit item_reader(View items) : items_(std::move(items)) {}
    /// Goes to the next item, at first to the first one. @return false at the end
    bool next() {
        if (at_)
            ++*at_;
        else
            at_.emplace(std::ranges::begin(items_));
        return *at_ != std::ranges::end(items_);
    }
    /// The item, once.
    item take() const {
        if constexpr (gives)
            return std::move(**at_);
        else
            return item(**at_);
    }
    std::size_t size() const { return static_cast<std::size_t>(std::ranges::size(items_)); }

 private:
    View items_;
    std::optional<iterator> at_{};
};

/// A range of tuples that can be read once, with one item of each reader. They are asked in their order, and
/// those after one that is at its end are not, so nothing is taken from them in vain.
template <class... Readers> class side_by_side : public std::ranges::view_base {
 public:
    using item = std::tuple<typename Readers::item...>;

    class iterator {
     public:
        using value_type = item;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        explicit iterator(side_by_side& all) noexcept : all_(&all) {}
        item operator*() const { return all_->take(); }
        iterator& operator++() {
            all_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept { return i.at_end(); }

     private:
        bool at_end() const noexcept { return all_->over_; }
        side_by_side* all_;
    };

    explicit side_by_side(Readers... readers) : readers_(std::move(readers)...) {}
    iterator begin() {
        next();
        return iterator(*this);
    }
    std::default_sentinel_t end() const noexcept { return {}; }
    std::size_t size() const
        requires(std::ranges::sized_range<const typename Readers::view> && ...)
    {
        return std::apply([](const auto&... reader) { return std::min({reader.size()...}); }, readers_);
    }

 private:
    void next() {
        over_ = !std::apply([](auto&... reader) { return (reader.next() && ...); }, readers_);
    }
    item take() const {
        return std::apply([](const auto&... reader) { return item{reader.take()...}; }, readers_);
    }

    std::tuple<Readers...> readers_;
    bool over_ = false;
};

/// Reads a range during the call to which it was passed.
template <class Range> auto reader_of(Range& range) {
    using view = std::ranges::ref_view<std::remove_reference_t<Range>>;
    return item_reader<view, gives_its_items<Range>>(view(range));
}

/// Reads a range after the call to which it was passed as `Range&&`, under the conditions of
/// map_options::in_flight.
template <class Range> auto later_reader_of(Range&& range) {
    if constexpr (read_later<Range>) {
        using view = std::views::all_t<Range>;
        return item_reader<view, gives_its_items<Range>>(std::views::all(std::forward<Range>(range)));
    } else {
        using item = typename value_of<std::ranges::iterator_t<Range>>::type;
        std::vector<item> items;
        for_each_item(std::forward<Range>(range),
                      [&](auto&& x) { items.push_back(std::forward<decltype(x)>(x)); });
        using view = std::ranges::owning_view<std::vector<item>>;
        return item_reader<view, !std::is_same_v<item, bool>>(view(std::move(items)));
    }
}

/// map() of an executor that has map(), of several ranges.
template <class Executor, class F, class... Ranges>
auto map_side_by_side(Executor& executor, F f, const map_options& options, Ranges&&... ranges) {
    static_assert(
        std::is_invocable_v<F&, typename value_of<std::ranges::iterator_t<Ranges>>::type...>,
        "heddle: the function of a map() of several ranges is called with one item of each, in their order");
    applied<F> call{std::move(f)};
    if (options.in_flight == 0)
        return executor.map(std::move(call), side_by_side(reader_of<Ranges>(ranges)...), options);
    return executor.map(std::move(call), side_by_side(later_reader_of(std::forward<Ranges>(ranges))...),
                        options);
}

}  // namespace heddle::inline v0::detail
