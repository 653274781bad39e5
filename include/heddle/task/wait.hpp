// SPDX-License-Identifier: BSL-1.0
#pragma once

// Waiting for many futures: wait() until enough of them are done, as_completed() for each as it finishes.

#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/task/completion_queue.hpp>
#include <heddle/task/future.hpp>
#include <iterator>
#include <memory>
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

// Each distinct future once, reporting to one queue as it completes. The queue is shared with the callbacks,
// which may outlive the wait.
template <class T> class completion_watch {
 public:
    explicit completion_watch(std::vector<future<T>> futures) {
        std::unordered_set<const void*> seen;
        for (auto& f : futures)
            if (!f.valid()) throw_empty("future");
        for (auto& f : futures)
            if (seen.insert(future_access::state(f).get()).second) futures_.push_back(std::move(f));
        queue_ = std::make_shared<completion_queue>(futures_.size());
        reports_.reserve(futures_.size());
        for (std::size_t i = 0; i < futures_.size(); ++i) {
            auto r = std::make_unique<report>(queue_, i);
            reports_.push_back(r.get());
            future_access::state(futures_[i])->on_done(std::move(r));
        }
    }
    completion_watch(completion_watch&&) noexcept = default;
    completion_watch& operator=(completion_watch&&) = delete;
    // A long-running future that is waited for again and again must not collect callbacks.
    ~completion_watch() {
        for (std::size_t i = 0; i < reports_.size(); ++i)
            future_access::state(futures_[i])->forget(reports_[i]);
    }
    std::size_t size() const noexcept { return futures_.size(); }
    const future<T>* next(rt::deadline until) {
        const auto i = queue_->pop(until);
        return i ? &futures_[*i] : nullptr;
    }

 private:
    struct report final : future_state::callback {
        report(std::shared_ptr<completion_queue> q, std::size_t i) : queue(std::move(q)), index(i) {}
        void call(future_state&) override { queue->push(index); }
        std::shared_ptr<completion_queue> queue;
        std::size_t index;
    };

    std::vector<future<T>> futures_;
    std::shared_ptr<completion_queue> queue_;
    std::vector<const future_state::callback*> reports_;
};

template <class T> bool failed(const future<T>& f) {
    return f.status() == future_status::cancelled || future_access::state(f)->failed();
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
        const future<T>* f = watch.next(until);
        if (f == nullptr || mode == wait_mode::first_completed) break;
        if (mode == wait_mode::first_exception && detail::failed(*f)) break;
    }
    wait_result<T> result;
    for (const auto& f : futures) (f.done() ? result.done : result.not_done).push_back(f);
    return result;
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

/// What as_completed() gives: an input range of futures, each once, as they are done.
template <class T> class completed_range {
 public:
    /// As as_completed_until(), which makes it.
    completed_range(std::vector<future<T>> futures, rt::deadline until)
        : watch_(std::move(futures)),
          left_(watch_.size()),
          until_(until) {}

    class iterator {
     public:
        using value_type = future<T>;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        iterator() = default;
        explicit iterator(completed_range& range) : range_(&range) {}
        const future<T>& operator*() const { return *range_->current_; }
        const future<T>* operator->() const { return range_->current_; }
        iterator& operator++() {
            range_->advance();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept { return i.at_end(); }

     private:
        bool at_end() const noexcept { return range_ == nullptr || range_->current_ == nullptr; }
        completed_range* range_ = nullptr;
    };

    /// Blocks: the current task, as ++ does, until the next is done. Throws: timeout_error; cancelled, and
    /// nothing is lost: iteration can be begun again, with those that have not come yet.
    iterator begin() {
        advance();
        return iterator(*this);
    }
    std::default_sentinel_t end() const noexcept { return {}; }

 private:
    void advance() {
        current_ = nullptr;
        if (left_ == 0) return;
        current_ = watch_.next(until_);
        if (current_ == nullptr)
            throw timeout_error(std::to_string(left_) + " (of " + std::to_string(watch_.size()) +
                                ") futures unfinished");
        --left_;
    }

    detail::completion_watch<T> watch_;
    std::size_t left_;
    rt::deadline until_;
    const future<T>* current_ = nullptr;
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
