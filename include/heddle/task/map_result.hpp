// SPDX-License-Identifier: BSL-1.0
#pragma once

// What `map` of an executor gives: the results in the order of the inputs, whatever the order in which they
// finish.

#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/task/future.hpp>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

/// How `map` runs.
struct map_options {
    /// How long, from the call of map, iteration waits for results before it throws timeout_error.
    rt::deadline until = rt::deadline::never();
    /// How many items travel together where items travel (process_pool); 0 lets the executor choose.
    std::size_t chunk = 0;
};

/// Ordered results of a map. Iterate it once, or call get(). Everything was submitted by map() itself, and
/// runs also if the results are never asked for; but if this object goes away after iteration has begun, what
/// has not started by then is withdrawn.
template <class R> class map_result {
 public:
    map_result(std::vector<future<R>> futures, rt::deadline until)
        : futures_(std::move(futures)),
          until_(until) {}
    map_result(map_result&&) noexcept = default;
    map_result& operator=(map_result&&) = delete;
    ~map_result() {
        if (!begun_) return;
        for (auto& f : futures_)
            if (f.valid()) f.cancel();
    }

    class iterator {
     public:
        using value_type = R;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        iterator() = default;
        iterator(const map_result& results, std::size_t index) : results_(&results), index_(index) {}
        /// Blocks: the current task until this result is there. Throws: what its call threw; timeout_error;
        /// cancelled.
        detail::const_result<R> operator*() const { return results_->at(index_); }
        iterator& operator++() noexcept {
            ++index_;
            return *this;
        }
        void operator++(int) noexcept { ++index_; }
        friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.index_ == b.index_; }

     private:
        const map_result* results_ = nullptr;
        std::size_t index_ = 0;
    };

    iterator begin() const noexcept {
        begun_ = true;
        return iterator(*this, 0);
    }
    iterator end() const noexcept { return iterator(*this, futures_.size()); }
    std::size_t size() const noexcept { return futures_.size(); }

    /// Waits for all and moves the results out (nothing for void). Throws: the first error in input order;
    /// timeout_error; cancelled.
    auto get() && {
        begun_ = true;
        if constexpr (std::is_void_v<R>) {
            for (const auto& f : futures_) f.get_until(until_);
        } else {
            std::vector<R> results;
            results.reserve(futures_.size());
            for (auto& f : futures_) {
                if (!f.wait_until(until_)) f.get_until(until_);  // throws timeout_error
                results.push_back(std::move(f).take());
            }
            return results;
        }
    }
    auto get() & { return std::move(*this).get(); }

 private:
    detail::const_result<R> at(std::size_t i) const { return futures_[i].get_until(until_); }

    std::vector<future<R>> futures_;
    rt::deadline until_;
    mutable bool begun_ = false;
};

namespace detail {

/// Whether a range passed as `Range&&` gives its items away: an rvalue that owns them. Whether it owns them
/// shows in that its constness reaches them, as with a container; a view (a span, say) refers to items that
/// somebody else may still want, whether it is an rvalue or not.
template <class Range>
concept gives_its_items = !std::is_reference_v<Range> && requires(Range & range, const Range& fixed) {
    requires std::is_lvalue_reference_v<decltype(*std::begin(range))>;
    requires std::is_lvalue_reference_v<decltype(*std::begin(fixed))>;
    requires std::is_const_v<std::remove_reference_t<decltype(*std::begin(fixed))>>;
};

/// What an iterator's item is as a value, also where `*i` gives a stand-in for it (std::vector<bool>).
template <class I> struct value_of { using type = std::decay_t<decltype(*std::declval<I&>())>; };
template <std::indirectly_readable I> struct value_of<I> { using type = std::iter_value_t<I>; };

/// map() of any executor that has submit(): one task per item, submitted at once; each gets its own copy of
/// `f`. The items are moved out of a range that gives them away, and copied otherwise.
template <class Executor, class F, class Range>
auto map_by_submit(Executor& executor, const F& f, Range&& range, const map_options& options) {
    using item = typename value_of<decltype(std::begin(range))>::type;
    using R = typename decltype(executor.submit(f, std::declval<item>()))::value_type;
    std::vector<future<R>> futures;
    if constexpr (requires { std::size(range); }) futures.reserve(std::size(range));
    try {
        for (auto&& x : range) {
            if constexpr (gives_its_items<Range>)
                futures.push_back(executor.submit(f, std::move(x)));
            else if constexpr (std::is_same_v<std::decay_t<decltype(x)>, item>)
                futures.push_back(executor.submit(f, std::forward<decltype(x)>(x)));
            else
                futures.push_back(executor.submit(f, item(std::forward<decltype(x)>(x))));
        }
    } catch (...) {
        for (const auto& done : futures) done.cancel();  // refused halfway: nobody will see these results
        throw;
    }
    return map_result<R>(std::move(futures), options.until);
}

}  // namespace detail
}  // namespace heddle::inline v0
