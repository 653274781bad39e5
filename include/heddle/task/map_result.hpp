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
#include <heddle/task/work.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
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
    /// whose results would fill the memory, or that have no end: a result is let go of when iteration goes
    /// past it, and items are taken from the range, and `f` is called, as there is room. A view, or a range
    /// that can be read once and is not handed over, has to live until then; of a container that is not
    /// handed over the items are copied at once. Not of process_pool.
    std::size_t in_flight = 0;
};

/// Ordered results of a map. Iterate it once, or call get() or async_get(), or as_completed(). Everything was
/// submitted by map() itself (unless map_options::in_flight bounds that), and runs also if the results are
/// never asked for; but if this object goes away after iteration has begun, what has not started by then is
/// withdrawn.
template <class R> class map_result {
    using all_results = std::conditional_t<std::is_void_v<R>, void, std::vector<R>>;
    using taken_results = std::conditional_t<std::is_void_v<R>, std::monostate, std::vector<R>>;

 public:
    map_result(std::vector<future<R>> futures, rt::deadline until)
        : futures_(std::move(futures)),
          until_(until) {}
    /// With results that are submitted as others are taken. Throws: as submit(), as the range.
    map_result(std::unique_ptr<detail::future_source<R>> source, rt::deadline until)
        : until_(until),
          total_(source->total()),
          source_(std::move(source)),
          bounded_(true) {
        try {
            refill();
        } catch (...) {
            withdraw();
            throw;
        }
    }
    map_result(map_result&&) noexcept = default;
    map_result& operator=(map_result&&) = delete;
    ~map_result() {
        if (begun_) withdraw();
    }

    class iterator {
     public:
        using value_type = R;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        iterator() = default;
        iterator(const map_result& results, std::size_t index) : results_(&results), index_(index) {}
        /// Blocks: the current task until this result is there. With map_options::in_flight it is there until
        /// the iterator goes on. Throws: what its call threw; timeout_error; cancelled.
        detail::const_result<R> operator*() const { return results_->at(index_); }
        /// Throws: as submit(), and as the range, if map_options::in_flight makes it submit the next task.
        iterator& operator++() {
            results_->let_go(index_++);
            results_->refill();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.at_end() || b.at_end() ? a.at_end() == b.at_end() : a.index_ == b.index_;
        }

     private:
        bool at_end() const noexcept { return results_ == nullptr || results_->over(index_); }
        const map_result* results_ = nullptr;
        std::size_t index_ = 0;
    };

    iterator begin() const noexcept {
        begun_ = true;
        return iterator(*this, 0);
    }
    iterator end() const noexcept { return iterator(); }
    /// How many results there are; of a range that does not know its size, how many calls were submitted.
    std::size_t size() const noexcept { return total_.value_or(submitted()); }

    /// Waits until all is done that was submitted, however it ended, or map_options::until. @return whether
    /// it is. Blocks: the current task. Throws: cancelled.
    bool wait() const {
        for (std::size_t i = 0; i < futures_.size(); ++i)
            if (futures_[i].valid() && !futures_[i].wait_until(until_)) return false;
        return true;
    }
    /// The same, in a coroutine, which is suspended. Throws also: invalid_state if it has to wait outside a
    /// worker.
    task<bool> async_wait() const {
        for (std::size_t i = 0; i < futures_.size(); ++i)
            if (futures_[i].valid() && !co_await futures_[i].async_wait(until_)) co_return false;
        co_return true;
    }

    /// Waits for all and moves the results out (nothing for void). Blocks: the current task. Throws: the
    /// first error in input order; timeout_error; cancelled. If it throws nothing has been taken, but with
    /// map_options::in_flight: then what came before is lost.
    auto get() & -> all_results {
        begun_ = true;
        if (!bounded_)
            for (std::size_t i = 0; !over(i); ++i) at(i);
        taken_results all = room_for_all();
        for (std::size_t i = 0; !over(i); ++i) {
            at(i);
            take(i, all);
        }
        if constexpr (!std::is_void_v<R>) return all;
    }
    auto get() && -> all_results { return get(); }
    /// As get(), in a coroutine, which is suspended. Throws also: invalid_state if it has to wait outside a
    /// worker.
    task<all_results> async_get() & {
        begun_ = true;
        if (!bounded_)
            for (std::size_t i = 0; !over(i); ++i) co_await async_at(i);
        taken_results all = room_for_all();
        for (std::size_t i = 0; !over(i); ++i) {
            co_await async_at(i);
            take(i, all);
        }
        if constexpr (!std::is_void_v<R>) co_return all;
    }
    task<all_results> async_get() && { return async_get_of(std::move(*this)); }

    /// The futures of the results, as they finish; with map_options::in_flight, one is let go of, and the
    /// next task submitted, as iteration goes on. Throws: as submit(); the range, timeout_error.
    completed_range<R> as_completed() && {
        begun_ = true;
        if (bounded_) return completed_range<R>(std::move(futures_), until_, std::move(source_));
        return completed_range<R>(std::move(futures_), until_);
    }

 private:
    std::size_t submitted() const noexcept { return base_ + futures_.size(); }
    bool over(std::size_t i) const noexcept { return source_ == nullptr && i >= submitted(); }

    const future<R>& result(std::size_t i) const {
        if (i >= submitted()) refill();  // the last time it threw
        // It was let go of, or there is none.
        if (i < base_ || i >= submitted()) detail::throw_empty("future");
        return futures_[i - base_];
    }
    detail::const_result<R> at(std::size_t i) const { return result(i).get_until(until_); }
    auto async_at(std::size_t i) const { return result(i).async_get(until_); }

    taken_results room_for_all() const {
        taken_results all;
        if constexpr (!std::is_void_v<R>)
            if (total_ || source_ == nullptr) all.reserve(size());
        return all;
    }
    void take(std::size_t i, [[maybe_unused]] taken_results& all) {
        if constexpr (!std::is_void_v<R>) all.push_back(std::move(futures_[i - base_]).take());
        let_go(i);
        refill();
    }
    static task<all_results> async_get_of(map_result all) { co_return co_await all.async_get(); }

    // Iteration goes past a result: where they are bounded it is not kept.
    void let_go(std::size_t i) const noexcept {
        taken_ = i + 1;
        if (!bounded_ || i >= submitted()) return;
        futures_[i - base_] = {};
        const std::size_t gone = taken_ - base_;
        if (2 * gone < futures_.size()) return;  // so that each is moved once
        futures_.erase(futures_.begin(), futures_.begin() + static_cast<std::ptrdiff_t>(gone));
        base_ = taken_;
    }
    // Where the range, or submitting, has thrown, the map ends: an item would be missing.
    void refill() const {
        if (failed_ != nullptr) std::rethrow_exception(failed_);
        try {
            while (source_ != nullptr && source_->room_beside(submitted() - taken_))
                if (!source_->add(futures_)) source_.reset();
        } catch (...) {
            failed_ = std::current_exception();
            throw;
        }
    }
    void withdraw() const noexcept {
        for (const auto& f : futures_)
            if (f.valid()) f.cancel();
    }

    mutable std::vector<future<R>> futures_{};  // those that are bounded: from the one with the number base_
    mutable std::size_t base_ = 0;
    mutable std::size_t taken_ = 0;
    rt::deadline until_;
    std::optional<std::size_t> total_{};
    mutable std::unique_ptr<detail::future_source<R>> source_{};
    mutable std::exception_ptr failed_{};  // what it ended with
    bool bounded_ = false;
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

/// What the tasks of a chunk call: the same `f`, one after the other.
template <class F> struct shared_call {
    template <class Item> decltype(auto) operator()(Item&& item) {
        return std::invoke(*f, std::forward<Item>(item));
    }
    F* f;
};

/// Some tasks that are run as one, one after the other, each under its own identity: so one may fail, be
/// withdrawn or asked to stop alone. What has not begun when this goes away is withdrawn.
template <class F> class chunk_of_calls {
 public:
    explicit chunk_of_calls(const F& f) : f_(std::make_unique<F>(f)) {}
    chunk_of_calls(chunk_of_calls&& other) noexcept
        : f_(std::move(other.f_)),
          calls_(std::exchange(other.calls_, {})) {}
    chunk_of_calls& operator=(chunk_of_calls&&) = delete;
    ~chunk_of_calls() {
        for (; next_ < calls_.size(); ++next_) calls_[next_]->give_up();
    }
    /// @return the future of f(item)
    template <class Item> auto add(Item&& item) {
        calls_.reserve(calls_.size() + 1);
        auto made = make_work(shared_call<F>{f_.get()}, std::forward<Item>(item));
        calls_.push_back(made.task);
        return std::move(made.future);
    }
    void operator()() {
        while (next_ < calls_.size()) calls_[next_++]->run();
    }

 private:
    std::unique_ptr<F> f_;
    std::vector<work*> calls_{};
    std::size_t next_ = 0;
};

/// The same where a loop runs the coroutines that the calls give.
template <class R, class F, class Item> class chunk_of_coroutines {
 public:
    explicit chunk_of_coroutines(const F& f) : f_(f) {}
    chunk_of_coroutines(chunk_of_coroutines&& other) noexcept
        : f_(std::move(other.f_)),
          items_(std::exchange(other.items_, {})),
          promises_(std::exchange(other.promises_, {})) {}
    chunk_of_coroutines& operator=(chunk_of_coroutines&&) = delete;
    ~chunk_of_coroutines() {
        for (auto& p : promises_) p.cancel();
    }
    future<R> add(Item item) {
        items_.push_back(std::move(item));
        return promises_.emplace_back().get_future();
    }
    task<> operator()() {
        for (std::size_t i = 0; i < items_.size(); ++i) {
            auto& p = promises_[i];
            if (!p.set_running()) continue;
            try {
                if constexpr (std::is_void_v<R>) {
                    co_await std::invoke(f_, std::move(items_[i]));
                    p.set_value();
                } else {
                    p.set_value(co_await std::invoke(f_, std::move(items_[i])));
                }
            } catch (...) {
                p.set_exception(std::current_exception());
            }
        }
    }

 private:
    F f_;
    std::vector<Item> items_{};
    std::vector<promise<R>> promises_{};
};

/// Submits the calls of `f` with the items of a range, some to a task.
template <class Executor, class F, class Item> class map_submitter {
 public:
    using result = typename decltype(std::declval<Executor&>().submit(std::declval<const F&>(),
                                                                      std::declval<Item>()))::value_type;
    using call = std::invoke_result_t<F&, Item>;
    using chunk = std::conditional_t<std::is_same_v<call, result>, chunk_of_calls<F>,
                                     chunk_of_coroutines<result, F, Item>>;

    map_submitter(Executor& executor, const F& f, std::size_t size)
        : executor_(executor),
          f_(f),
          size_(size > 1 ? size : 1) {}
    std::size_t chunk_size() const noexcept { return size_; }

    /// Adds the future of f(item), which is submitted when its chunk is full.
    template <class Given> void add(Given&& item, std::vector<future<result>>& futures) {
        if (size_ == 1) {
            futures.push_back(executor_.submit(f_, std::forward<Given>(item)));
            return;
        }
        if (!open_) open_.emplace(f_);
        futures.push_back(open_->add(std::forward<Given>(item)));
        if (++filled_ == size_) flush();
    }
    void flush() {
        if (std::exchange(filled_, 0) == 0) return;
        chunk full(std::move(*open_));
        open_.reset();
        executor_.post(std::move(full));
    }

 private:
    Executor& executor_;
    const F f_;
    const std::size_t size_;
    std::optional<chunk> open_{};
    std::size_t filled_ = 0;
};

/// The futures of a map that is bounded. `gives` says whether the items may be moved out of the range.
template <class Executor, class F, class Item, class View, bool gives>
class bounded_map final : public future_source<typename map_submitter<Executor, F, Item>::result> {
    using submitter = map_submitter<Executor, F, Item>;

 public:
    bounded_map(Executor& executor, const F& f, View items, const map_options& options)
        : submitter_(executor, f, options.chunk),
          most_(options.in_flight),
          items_(std::move(items)),
          at_(std::ranges::begin(items_)) {}

    bool add(std::vector<future<typename submitter::result>>& to) override {
        const std::size_t before = to.size();
        for (std::size_t i = 0; i < submitter_.chunk_size() && go_on(); ++i) {
            using reference = std::ranges::range_reference_t<View>;
            on_item_ = true;
            if constexpr (gives)
                submitter_.add(std::move(*at_), to);
            else if constexpr (std::is_same_v<std::decay_t<reference>, Item>)
                submitter_.add(*at_, to);
            else
                submitter_.add(Item(*at_), to);
        }
        submitter_.flush();
        return to.size() != before;
    }
    bool room_beside(std::size_t n) const noexcept override {
        return n / submitter_.chunk_size() + (n % submitter_.chunk_size() != 0) < most_;
    }
    std::optional<std::size_t> total() const override {
        if constexpr (std::ranges::sized_range<View>)
            return static_cast<std::size_t>(std::ranges::size(items_));
        else
            return std::nullopt;
    }

 private:
    // Only now, and not as soon as the last item was used: the next one of a range that is read once may be
    // long in coming.
    bool go_on() {
        if (std::exchange(on_item_, false)) ++at_;
        return at_ != std::ranges::end(items_);
    }

    submitter submitter_;
    const std::size_t most_;
    View items_;
    std::ranges::iterator_t<View> at_;
    bool on_item_ = false;  // at_ is at one that has been used
};

template <class Executor, class F, class Item, bool gives, class View>
auto make_bounded_map(Executor& executor, const F& f, View items, const map_options& options) {
    using source = bounded_map<Executor, F, Item, View, gives>;
    using R = typename map_submitter<Executor, F, Item>::result;
    std::unique_ptr<future_source<R>> made = std::make_unique<source>(executor, f, std::move(items), options);
    return map_result<R>(std::move(made), options.until);
}

/// Whether the items of a range can be taken later, as there is room for them: it is handed over, or a view,
/// or can be read but once.
template <class Range>
concept read_later = std::ranges::viewable_range<Range> && std::ranges::input_range<Range> &&
                     (!std::is_lvalue_reference_v<Range> || std::ranges::view<std::remove_cvref_t<Range>> ||
                      !std::ranges::forward_range<Range>);

/// map() of any executor that has submit(): one task per item (or per chunk), submitted at once unless that
/// is bounded; each gets its own copy of `f`.
template <class Executor, class F, class Range>
auto map_by_submit(Executor& executor, const F& f, Range&& range, const map_options& options) {
    using item = typename value_of<decltype(std::begin(range))>::type;
    using R = typename map_submitter<Executor, F, item>::result;
    if (options.in_flight != 0) {
        if constexpr (read_later<Range>) {
            return make_bounded_map<Executor, F, item, gives_its_items<Range>>(
                executor, f, std::views::all(std::forward<Range>(range)), options);
        } else {
            std::vector<item> items;
            for_each_item(std::forward<Range>(range),
                          [&](auto&& x) { items.push_back(std::forward<decltype(x)>(x)); });
            return make_bounded_map<Executor, F, item, !std::is_same_v<item, bool>>(
                executor, f, std::views::all(std::move(items)), options);
        }
    }
    std::vector<future<R>> futures;
    try {
        if constexpr (requires { std::size(range); }) futures.reserve(std::size(range));
        map_submitter<Executor, F, item> submitter(executor, f, options.chunk);
        for_each_item(std::forward<Range>(range),
                      [&](auto&& x) { submitter.add(std::forward<decltype(x)>(x), futures); });
        submitter.flush();
    } catch (...) {
        withdraw_all(futures);  // refused halfway: nobody will see these results
        throw;
    }
    return map_result<R>(std::move(futures), options.until);
}

}  // namespace detail
}  // namespace heddle::inline v0
