// SPDX-License-Identifier: BSL-1.0
#pragma once

// Waiting for many futures: wait() until enough of them are done, as_completed() for each as it finishes.

#include <cstddef>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/task/completion_queue.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/task.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

/// When wait() has seen enough.
enum class wait_mode {
    all,              ///< every future is done
    first_completed,  ///< one is done
    first_exception,  ///< one has failed or was cancelled, or all are done
};

/// What wait() found: every given future is in one of the two, in the given order.
template <class T> struct wait_result {
    std::vector<future<T>> done{};
    std::vector<future<T>> not_done{};
};

namespace detail {

/// Where futures come from while others are taken; see map_options::in_flight.
template <class T> class future_source {
 public:
    virtual ~future_source() = default;
    /// Adds the futures of one more task; false if there is none. @throws as submit(), as the range
    virtual bool add(std::vector<future<T>>& to) = 0;
    /// Whether there is room for one more task if `n` futures have been added and not taken.
    virtual bool room_beside(std::size_t n) const noexcept = 0;
    /// How many futures there are to come in all; nothing if that is not known.
    virtual std::optional<std::size_t> total() const = 0;
};

// Futures that report to one queue as they complete. The queue is shared with the callbacks, which may
// outlive the wait.
template <class T> class completion_watch {
 public:
    /// Each distinct one of `futures` once.
    explicit completion_watch(std::vector<future<T>> futures)
        : queue_(std::make_shared<completion_queue>(futures.size())) {
        std::unordered_set<const void*> seen;
        for (auto& f : futures)
            if (!f.valid()) throw_empty("future");
        for (auto& f : futures)
            if (seen.insert(future_access::state(f).get()).second) add(std::move(f));
    }
    completion_watch(completion_watch&&) noexcept = default;
    completion_watch& operator=(completion_watch&&) = delete;
    // A long-running future that is waited for again and again must not collect callbacks.
    ~completion_watch() {
        for (std::size_t i = 0; i < watched_.size(); ++i)
            if (watched_[i].result.valid())
                future_access::state(watched_[i].result)->forget(watched_[i].reporting);
    }
    /// How many were added.
    std::size_t size() const noexcept { return added_; }
    /// One that was not added before.
    void add(future<T> f) {
        std::size_t at = watched_.size();
        if (!free_.empty()) {
            at = free_.back();
            free_.pop_back();
        } else {
            if (free_.capacity() <= at) free_.reserve(2 * at + 1);  // so that let_go() never fails
            queue_->reserve(at + 1);
            watched_.emplace_back();
        }
        auto r = std::make_unique<report>(queue_, at);
        watched_[at] = {std::move(f), r.get()};
        ++added_;
        future_access::state(watched_[at].result)->on_done(std::move(r));
    }
    /// The number of the next one that is done; nothing if the deadline passed first. @throws cancelled
    std::optional<std::size_t> next(rt::deadline until) { return queue_->pop(until); }
    /// The same, in a coroutine.
    task<std::optional<std::size_t>> async_next(rt::deadline until) {
        if (queue_->empty()) future_state::call_put_off();
        const auto nothing = [queue = queue_.get()] { return queue->empty(); };
        for (;;) {
            if (const auto i = queue_->try_pop()) co_return i;
            rt::async_park wait(queue_->address(), nothing, until);
            const auto outcome = co_await wait;
            if (outcome == rt::wait_outcome::cancelled) throw cancelled();
            if (outcome == rt::wait_outcome::timed_out) co_return queue_->try_pop();
        }
    }
    const future<T>& operator[](std::size_t i) const noexcept { return watched_[i].result; }
    /// Lets go of one that next() gave.
    void let_go(std::size_t i) noexcept {
        watched_[i] = {};
        free_.push_back(i);
    }

 private:
    struct report final : future_state::callback {
        report(std::shared_ptr<completion_queue> q, std::size_t i) : queue(std::move(q)), index(i) {}
        void call(future_state&) override { queue->push(index); }
        std::shared_ptr<completion_queue> queue;
        std::size_t index;
    };
    struct entry {
        future<T> result{};
        const future_state::callback* reporting = nullptr;
    };

    std::shared_ptr<completion_queue> queue_;
    std::vector<entry> watched_;
    std::vector<std::size_t> free_;  // numbers that can be used again
    std::size_t added_ = 0;
};

template <class T> bool failed(const future<T>& f) {
    return f.status() == future_status::cancelled || future_access::state(f)->failed();
}

/// Whether a wait() is over when `f` is done.
template <class T> bool enough(wait_mode mode, const future<T>& f) {
    return mode == wait_mode::first_completed || (mode == wait_mode::first_exception && failed(f));
}

template <class T> v0::wait_result<T> partition(const std::vector<future<T>>& futures) {
    v0::wait_result<T> result;
    for (const auto& f : futures) (f.done() ? result.done : result.not_done).push_back(f);
    return result;
}

}  // namespace detail

/// Waits until enough of `futures` are done or `until`. Never throws because of what they hold.
/// Blocks: the current task. Throws: cancelled if the calling task is asked to stop; invalid_state if one of
/// `futures` holds nothing. Complexity: an allocation for each future.
template <class T>
wait_result<T> wait_until(const std::vector<future<T>>& futures, rt::deadline until,
                          wait_mode mode = wait_mode::all) {
    detail::completion_watch<T> watch(futures);
    for (std::size_t left = watch.size(); left > 0; --left) {
        const auto i = watch.next(until);
        if (!i || detail::enough(mode, watch[*i])) break;
    }
    return detail::partition(futures);
}

/// As wait_until(), without a limit.
template <class T>
wait_result<T> wait(const std::vector<future<T>>& futures, wait_mode mode = wait_mode::all) {
    return wait_until(futures, rt::deadline::never(), mode);
}

/// As wait_until(), for at most `d`.
template <class T, class Rep, class Period>
wait_result<T> wait_for(const std::vector<future<T>>& futures, std::chrono::duration<Rep, Period> d,
                        wait_mode mode = wait_mode::all) {
    return wait_until(futures, rt::deadline::after(d), mode);
}

/// As wait_until(), for a coroutine, which is suspended. Throws: as wait_until(); invalid_state if it has to
/// wait outside a worker.
template <class T>
task<wait_result<T>> async_wait(std::vector<future<T>> futures, wait_mode mode = wait_mode::all,
                                rt::deadline until = rt::deadline::never()) {
    detail::completion_watch<T> watch(futures);
    for (std::size_t left = watch.size(); left > 0; --left) {
        const auto i = co_await watch.async_next(until);
        if (!i || detail::enough(mode, watch[*i])) break;
    }
    co_return detail::partition(futures);
}

/// What as_completed() gives: an input range of futures, each once, as they are done.
template <class T> class completed_range {
 public:
    /// As as_completed_until(), which makes it.
    completed_range(std::vector<future<T>> futures, rt::deadline until)
        : watch_(std::move(futures)),
          left_(watch_.size()),
          until_(until) {}
    /// Of those of a map that is bounded: more come, as there is room, and one that is taken is let go of
    /// with the next step of the iteration.
    completed_range(std::vector<future<T>> futures, rt::deadline until,
                    std::unique_ptr<detail::future_source<T>> source)
        : completed_range(std::move(futures), until) {
        source_ = std::move(source);
        bounded_ = true;
    }

    class iterator {
     public:
        using value_type = future<T>;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        iterator() = default;
        explicit iterator(completed_range& range) : range_(&range) {}
        const future<T>& operator*() const { return range_->watch_[*range_->current_]; }
        const future<T>* operator->() const { return &**this; }
        iterator& operator++() {
            range_->advance();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept { return i.at_end(); }

     private:
        bool at_end() const noexcept { return range_ == nullptr || !range_->current_; }
        completed_range* range_ = nullptr;
    };

    /// Blocks: the current task, as ++ does, until the next is done. Throws: timeout_error; cancelled, and
    /// nothing is lost: iteration can be begun again, with those that have not come yet.
    iterator begin() {
        advance();
        return iterator(*this);
    }
    std::default_sentinel_t end() const noexcept { return {}; }

    /// In place of iterating, in a coroutine, which is suspended until the next is done; nothing after the
    /// last. Throws: as begin(); invalid_state if it has to wait outside a worker.
    task<std::optional<future<T>>> async_next() {
        go_past();
        if (left_ == 0) co_return std::nullopt;
        arrived(co_await watch_.async_next(until_));
        co_return watch_[*current_];
    }

 private:
    void advance() {
        go_past();
        if (left_ != 0) arrived(watch_.next(until_));
    }
    void go_past() {
        if (const auto taken = std::exchange(current_, std::nullopt); taken && bounded_)
            watch_.let_go(*taken);
        refill();
    }
    void arrived(std::optional<std::size_t> next) {
        if (!next)
            throw timeout_error(std::to_string(left_) + " (of " + std::to_string(watch_.size()) +
                                ") futures unfinished");
        current_ = next;
        --left_;
    }

    void refill() {
        while (source_ != nullptr && source_->room_beside(left_)) {
            std::vector<future<T>> more;
            if (!source_->add(more)) source_.reset();
            for (auto& f : more) {
                watch_.add(std::move(f));
                ++left_;
            }
        }
    }

    detail::completion_watch<T> watch_;
    std::size_t left_;
    rt::deadline until_;
    std::unique_ptr<detail::future_source<T>> source_{};
    bool bounded_ = false;
    std::optional<std::size_t> current_{};
};

/// Gives each of `futures` as it is done, first those that are already; the same future given twice comes
/// once. Throws: invalid_state if one of them holds nothing. Complexity: an allocation for each future.
template <class T> completed_range<T> as_completed(std::vector<future<T>> futures) {
    return completed_range<T>(std::move(futures), rt::deadline::never());
}

/// As as_completed(); after `until` it throws timeout_error in place of the next one that is not done.
template <class T> completed_range<T> as_completed_until(std::vector<future<T>> futures, rt::deadline until) {
    return completed_range<T>(std::move(futures), until);
}

/// As as_completed(); after `d` from now it throws timeout_error in place of the next one that is not done.
template <class T, class Rep, class Period>
completed_range<T> as_completed_for(std::vector<future<T>> futures, std::chrono::duration<Rep, Period> d) {
    return completed_range<T>(std::move(futures), rt::deadline::after(d));
}

}  // namespace heddle::inline v0
