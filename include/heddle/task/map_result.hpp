// SPDX-License-Identifier: BSL-1.0
#pragma once

// What `map` of an executor gives: the results in the order of the inputs, whatever the order in which they
// finish.

#include <cstddef>
#include <exception>
#include <functional>
#include <heddle/rt/clock.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/task.hpp>
#include <heddle/task/wait.hpp>
#include <iterator>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

/// How `map` runs.
struct map_options {
    /// How long, from the call of map, iteration waits for results before it throws timeout_error.
    rt::deadline until = rt::deadline::never();
    /// How many items make one task; 0 lets the executor choose. Worth it for items of a microsecond or
    /// less, and where they travel (process_pool). The items of a task run one after the other.
    std::size_t chunk = 0;
    /// At most so many tasks are submitted ahead of the results that were taken; 0: all at once. For inputs
    /// whose results would fill the memory. With it, items are copied or moved out of the range at once, but
    /// `f` is called later, as the results are iterated over. Not of process_pool.
    std::size_t in_flight = 0;
};

/// Ordered results of a map. Iterate it once, or call get(), or as_completed(). Everything was submitted by
/// map() itself (unless map_options::in_flight bounds that), and runs also if the results are never asked
/// for; but if this object goes away after iteration has begun, what has not started by then is withdrawn.
template <class R> class map_result {
 public:
    map_result(std::vector<future<R>> futures, rt::deadline until)
        : futures_(std::move(futures)),
          until_(until),
          size_(futures_.size()) {}
    /// With results that are submitted as others are taken: `submit()` adds to the futures, until there are
    /// `size`.
    map_result(std::vector<future<R>> futures, rt::deadline until, std::size_t size,
               std::function<void(std::vector<future<R>>&)> submit)
        : futures_(std::move(futures)),
          until_(until),
          size_(size),
          submit_(std::move(submit)) {}
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
        /// Throws: as submit(), if map_options::in_flight makes it submit the next task.
        iterator& operator++() {
            ++index_;
            results_->submit_next();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.index_ == b.index_; }

     private:
        const map_result* results_ = nullptr;
        std::size_t index_ = 0;
    };

    iterator begin() const noexcept {
        begun_ = true;
        return iterator(*this, 0);
    }
    iterator end() const noexcept { return iterator(*this, size_); }
    std::size_t size() const noexcept { return size_; }

    /// Waits for all and moves the results out (nothing for void). Throws: the first error in input order;
    /// timeout_error; cancelled.
    auto get() && {
        begun_ = true;
        if constexpr (std::is_void_v<R>) {
            for (std::size_t i = 0; i < size_; ++i) {
                at(i);
                submit_next();
            }
        } else {
            std::vector<R> results;
            results.reserve(size_);
            for (std::size_t i = 0; i < size_; ++i) {
                auto& f = futures_[i];
                if (!f.wait_until(until_)) f.get_until(until_);  // throws timeout_error
                results.push_back(std::move(f).take());
                submit_next();
            }
            return results;
        }
    }
    auto get() & { return std::move(*this).get(); }

    /// The futures of the results, each distinct one once, as they finish; with map_options::in_flight, the
    /// rest is submitted now. Throws: as submit(); the range, timeout_error.
    completed_range<R> as_completed() && {
        begun_ = true;
        while (futures_.size() < size_) submit_(futures_);
        return completed_range<R>(std::move(futures_), until_);
    }

 private:
    detail::const_result<R> at(std::size_t i) const { return futures_[i].get_until(until_); }

    void submit_next() const {
        if (futures_.size() < size_) submit_(futures_);
    }

    mutable std::vector<future<R>> futures_;  // grows where in_flight bounds it
    rt::deadline until_;
    std::size_t size_;
    std::function<void(std::vector<future<R>>&)> submit_;
    mutable bool begun_ = false;
};

namespace detail {

/// Whether a range passed as `Range&&` gives its items away: an rvalue that owns them. Whether it owns them
/// shows in that its constness reaches them, as with a container; a view (a span, say) refers to items that
/// somebody else may still want, whether it is an rvalue or not.
template <class Range>
concept gives_its_items = !std::is_reference_v<Range> && requires(Range& range, const Range& fixed) {
    requires std::is_lvalue_reference_v<decltype(*std::begin(range))>;
    requires std::is_lvalue_reference_v<decltype(*std::begin(fixed))>;
    requires std::is_const_v<std::remove_reference_t<decltype(*std::begin(fixed))>>;
};

/// What an iterator's item is as a value, also where `*i` gives a stand-in for it (std::vector<bool>).
template <class I> struct value_of {
    using type = std::decay_t<decltype(*std::declval<I&>())>;
};
template <std::indirectly_readable I> struct value_of<I> {
    using type = std::iter_value_t<I>;
};

/// A callable for tuples, see map_apply().
template <class F> struct applied {
    template <class Tuple> decltype(auto) operator()(Tuple&& t) {
        return std::apply(f, std::forward<Tuple>(t));
    }
    F f;
};

/// The items of a range as values: moved out of one that gives them away, copied otherwise.
template <class Range, class Use> void for_each_item(Range&& range, const Use& use) {
    using item = typename value_of<decltype(std::begin(range))>::type;
    for (auto&& x : range) {
        if constexpr (gives_its_items<Range>)
            use(std::move(x));
        else if constexpr (std::is_same_v<std::decay_t<decltype(x)>, item>)
            use(std::forward<decltype(x)>(x));
        else
            use(item(std::forward<decltype(x)>(x)));
    }
}

template <class T> void withdraw_all(const std::vector<future<T>>& futures) noexcept {
    for (const auto& f : futures) f.cancel();
}

/// One task for `chunk` items. A result of its own for each, so that one may fail and be withdrawn alone.
template <class R, class F, class Item> struct chunk_of {
    using call = std::invoke_result_t<F&, Item>;

    void operator()()
        requires std::is_same_v<call, R>
    {
        for (std::size_t i = 0; i < items.size(); ++i) {
            auto& p = promises[i];
            if (!p.set_running()) continue;
            try {
                if constexpr (std::is_void_v<R>) {
                    std::invoke(f, std::move(items[i]));
                    p.set_value();
                } else {
                    p.set_value(std::invoke(f, std::move(items[i])));
                }
            } catch (...) {
                p.set_exception(std::current_exception());
            }
        }
    }
    /// Where a loop runs the coroutine that the call gives.
    task<> operator()()
        requires(!std::is_same_v<call, R>)
    {
        for (std::size_t i = 0; i < items.size(); ++i) {
            auto& p = promises[i];
            if (!p.set_running()) continue;
            try {
                if constexpr (std::is_void_v<R>) {
                    co_await std::invoke(f, std::move(items[i]));
                    p.set_value();
                } else {
                    p.set_value(co_await std::invoke(f, std::move(items[i])));
                }
            } catch (...) {
                p.set_exception(std::current_exception());
            }
        }
    }
    F f;
    std::vector<Item> items{};
    std::vector<promise<R>> promises{};
};

template <class Executor, class F, class Range, class R, class Item>
void submit_chunks(Executor& executor, const F& f, Range&& range, std::size_t chunk,
                   std::vector<future<R>>& futures) {
    chunk_of<R, F, Item> next{f};
    const auto flush = [&] {
        executor.post(
            chunk_of<R, F, Item>{f, std::exchange(next.items, {}), std::exchange(next.promises, {})});
    };
    for_each_item(std::forward<Range>(range), [&](auto&& x) {
        next.items.push_back(std::forward<decltype(x)>(x));
        futures.push_back(next.promises.emplace_back().get_future());
        if (next.items.size() == chunk) flush();
    });
    if (!next.items.empty()) flush();
}

/// map() of any executor that has submit(): one task per item (or per chunk), submitted at once; each gets
/// its own copy of `f`.
template <class Executor, class F, class Range>
auto map_by_submit(Executor& executor, const F& f, Range&& range, const map_options& options) {
    using item = typename value_of<decltype(std::begin(range))>::type;
    using R = typename decltype(executor.submit(f, std::declval<item>()))::value_type;
    std::vector<future<R>> futures;
    try {
        if (options.in_flight != 0) {
            auto items = std::make_shared<std::vector<item>>();
            for_each_item(std::forward<Range>(range),
                          [&](auto&& x) { items->push_back(std::forward<decltype(x)>(x)); });
            const std::size_t size = items->size();
            const auto submit = [&executor, f, items](std::vector<future<R>>& all) {
                all.push_back(executor.submit(f, std::move((*items)[all.size()])));
            };
            while (futures.size() < size && futures.size() < options.in_flight) submit(futures);
            return map_result<R>(std::move(futures), options.until, size, submit);
        }
        if (options.chunk > 1) {
            submit_chunks<Executor, F, Range, R, item>(executor, f, std::forward<Range>(range), options.chunk,
                                                       futures);
            return map_result<R>(std::move(futures), options.until);
        }
        if constexpr (requires { std::size(range); }) futures.reserve(std::size(range));
        for_each_item(std::forward<Range>(range),
                      [&](auto&& x) { futures.push_back(executor.submit(f, std::forward<decltype(x)>(x))); });
    } catch (...) {
        withdraw_all(futures);  // refused halfway: nobody will see these results
        throw;
    }
    return map_result<R>(std::move(futures), options.until);
}

}  // namespace detail
}  // namespace heddle::inline v0
