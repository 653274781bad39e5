// SPDX-License-Identifier: BSL-1.0
#pragma once

// Items from any number of producers to any number of consumers, the oldest first. lifo_queue gives the
// newest first, priority_queue the smallest; for one producer and one consumer spsc_queue is faster. Use
// channel where the queue is to end by itself when nobody is left at one side, or where one task waits for
// several.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/exception_hook.hpp>
#include <heddle/sync/detail/queue_wait.hpp>
#include <heddle/sync/detail/ring_core.hpp>
#include <heddle/sync/detail/stored_item.hpp>
#include <heddle/sync/detail/task_count.hpp>
#include <heddle/sync/detail/wait_result.hpp>
#include <heddle/sync/queue_result.hpp>
#include <iterator>
#include <optional>
#include <utility>

namespace heddle::inline v0 {

namespace detail {

struct queue_access;

/// What all queues with task_done() offer; `Core` keeps the items.
///
/// Who waits is served in the order of waiting, and not overtaken: an item goes to the getter who waits, and
/// room to the putter. Thread-safety: all members but the destructor from any task. What was done before an
/// item was put is seen by the one who gets it, and what was done before task_done() by those who have
/// joined.
template <class T, class Core> class task_queue {
    static_assert(std::is_object_v<T> && std::same_as<T, std::remove_cv_t<T>>,
                  "heddle: a queue holds objects that are not const; for references use pointers");
    struct puts {
        const Core* core;
        std::uint64_t operator()() const noexcept { return core->put_count(); }
    };
    template <class Make> using put_operation = awaiting<put_wait<Core, Make>>;
    using get_operation = awaiting<get_wait<T, Core>>;

 public:
    using value_type = T;

    /// Puts an item. Blocks the task while there is no room. @return ok or closed. Throws: cancelled, and
    /// then the item is not in the queue.
    queue_result<void> put(T item) { return put_until(rt::deadline::never(), std::move(item)); }
    /// Puts an item if there is room. Never waits. @return ok, full or closed. An item that was not taken is
    /// not moved from, where a T can be made of it without throwing.
    template <class U = T>
        requires std::constructible_from<T, U&&>
    queue_result<void> try_put(U&& item) {
        if constexpr (!made_late<T, U>) {
            if (const auto now = core_.room(); now != queue_status::ok) return queue_result<void>(now);
        }
        source_item<T, U> make(std::forward<U>(item));
        return queue_result<void>(core_.try_put(make));
    }
    /// Puts an item unless there is no room for `d`. Blocks the task. @return ok, timed_out or closed; the
    /// item as of try_put(). Throws: cancelled.
    template <class Rep, class Period, class U = T>
        requires std::constructible_from<T, U&&>
    queue_result<void> put_for(std::chrono::duration<Rep, Period> d, U&& item) {
        if constexpr (made_late<T, U>) {
            source_item<T, U> make(std::forward<U>(item));
            if (const auto now = core_.try_put(make); now != queue_status::full)
                return queue_result<void>(now);
        }
        return put_until(rt::deadline::after(d), std::forward<U>(item));
    }
    /// As put_for(), until `until`.
    template <class U = T>
        requires std::constructible_from<T, U&&>
    queue_result<void> put_until(rt::deadline until, U&& item) {
        source_item<T, U> make(std::forward<U>(item));
        if (const auto now = core_.try_put(make); now != queue_status::full) return queue_result<void>(now);
        put_wait<Core, source_item<T, U>> op(core_, until, std::move(make));
        return wait_at_queue(op);
    }
    /// co_await: as put(). Throws also: invalid_state if it has to wait outside a worker.
    auto async_put(T item) {
        return put_operation<early_item<T>>(std::in_place, core_, rt::deadline::never(), std::move(item));
    }
    /// co_await: as put_until().
    template <class U = T>
        requires std::constructible_from<T, U&&>
    auto async_put(rt::deadline until, U&& item) {
        return put_operation<source_item<T, U>>(std::in_place, core_, until, std::forward<U>(item));
    }

    /// Gets the next item. Blocks the task while there is none. @return the item, or closed once the queue
    /// has been shut down and is empty. Throws: cancelled, and then it has taken nothing.
    queue_result<T> get() { return get_until(rt::deadline::never()); }
    /// Gets the next item if there is one. Never waits. @return the item, empty or closed.
    queue_result<T> try_get() {
        std::optional<stored<T>> item;
        const auto status = try_take(item);
        return item ? queue_result<T>(std::move(*item)) : queue_result<T>(status);
    }
    /// Gets the next item unless there is none for `d`. Blocks the task. @return the item, timed_out or
    /// closed. Throws: cancelled.
    template <class Rep, class Period> queue_result<T> get_for(std::chrono::duration<Rep, Period> d) {
        if (auto now = try_get(); now.status() != queue_status::empty) return now;
        return get_until(rt::deadline::after(d));
    }
    /// As get_for(), until `until`.
    queue_result<T> get_until(rt::deadline until) {
        std::optional<stored<T>> item;
        const auto status = try_take(item);
        if (item) [[likely]]
            return queue_result<T>(std::move(*item));
        if (status != queue_status::empty) return queue_result<T>(status);
        return get_slow(until);
    }
    /// co_await: as get(). Throws also: invalid_state if it has to wait outside a worker.
    auto async_get() { return get_operation(std::in_place, core_, rt::deadline::never()); }
    /// co_await: as get_until().
    auto async_get(rt::deadline until) { return get_operation(std::in_place, core_, until); }

    /// Says that one item that was got is dealt with. @throws invalid_state for more items than were put.
    void task_done() {
        const puts put{&core_};
        count_.done(put);
    }
    /// Waits until every item that was put is dealt with. Blocks the task. Not a cancellation point.
    void join() { join_until(rt::deadline::never()); }
    /// Whether every item that was put is dealt with. Never waits.
    bool try_join() const noexcept {
        const puts put{&core_};
        return count_.all_done(put);
    }
    /// join() unless that takes longer than `d`. @return whether every item is dealt with.
    template <class Rep, class Period> bool join_for(std::chrono::duration<Rep, Period> d) {
        return join_until(rt::deadline::after(d));
    }
    /// join() unless that takes until `until`. @return whether every item is dealt with.
    bool join_until(rt::deadline until) {
        const puts put{&core_};
        return count_.wait(put, until);
    }
    /// co_await: as join(). Throws: invalid_state if it has to wait outside a worker.
    auto async_join() {
        return awaiting<wait_result<task_count_wait<puts>, void>>(std::in_place, count_,
                                                                  rt::deadline::never(), puts{&core_});
    }
    /// co_await: as join_until(). Throws: as async_join().
    auto async_join(rt::deadline until) {
        return awaiting<wait_result<task_count_wait<puts>, bool>>(std::in_place, count_, until, puts{&core_});
    }

    /// Ends the queue: whoever puts or waits to put gets `closed`; gets give what is left, and then `closed`,
    /// with `immediate` at once. More than once is fine. Never waits for others.
    void shutdown(queue_shutdown how = {}) {
        core_.close();
        if (how.immediate) count_.drop(core_.drop_all(), puts{&core_});
    }
    /// Whether it has been shut down.
    bool closed() const noexcept { return core_.closed(); }

    /// How many items are inside: a hint, as are the next two.
    std::size_t size() const noexcept { return core_.size(); }
    bool empty() const noexcept { return size() == 0; }
    bool full() const noexcept { return size() >= core_.capacity(); }
    /// What it was made with.
    std::size_t capacity() const noexcept { return core_.capacity(); }

    /// What items() gives. It calls task_done() for each item when the next one is asked for, and at its end.
    class item_range {
     public:
        class iterator {
         public:
            using value_type = T;
            using difference_type = std::ptrdiff_t;
            iterator() noexcept = default;
            T& operator*() const { return **range_->now_; }
            iterator& operator++() {
                range_->next();
                return *this;
            }
            void operator++(int) { ++*this; }
            friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept { return i.at_end(); }

         private:
            friend class item_range;
            explicit iterator(item_range& r) noexcept : range_(&r) {}
            bool at_end() const noexcept { return !range_->now_ || !*range_->now_; }
            item_range* range_ = nullptr;
        };

        ~item_range() {
            try {
                finish();
            } catch (...) {
                rt::report_exception(std::current_exception(),
                                     "task_done() at the end of a loop over a queue");
            }
        }
        item_range(const item_range&) = delete;
        item_range& operator=(const item_range&) = delete;
        iterator begin() {
            next();
            return iterator(*this);
        }
        std::default_sentinel_t end() const noexcept { return {}; }

     private:
        friend class task_queue;
        explicit item_range(task_queue& q) noexcept : queue_(q) {}
        void finish() {
            const bool had_item = now_ && *now_;
            now_.reset();
            if (had_item) queue_.task_done();
        }
        void next() {
            finish();
            now_.emplace(queue_.get());
        }
        task_queue& queue_;
        std::optional<queue_result<T>> now_;
    };
    /// for (auto& item : q.items()): gets until the queue is closed and empty. Throws as get().
    item_range items() { return item_range(*this); }

 protected:
    template <class... Args> explicit task_queue(Args&&... args) : core_(std::forward<Args>(args)...) {}
    /// Ends the program with a message if somebody waits.
    ~task_queue() = default;

 private:
    queue_status try_take(std::optional<stored<T>>& item) {
        auto take = [&item](stored<T>&& from) noexcept { item.emplace(std::move(from)); };
        return core_.try_get(take);
    }
    [[gnu::noinline]] queue_result<T> get_slow(rt::deadline until) {
        get_wait<T, Core> op(core_, until);
        return wait_at_queue(op);
    }

    friend struct queue_access;
    Core core_;
    alignas(64) task_count count_;
};

/// For select().
struct queue_access {
    template <class T, class Core> static Core& core(task_queue<T, Core>& q) noexcept { return q.core_; }
};

}  // namespace detail

/// First in, first out, for threads, fibers and coroutines.
///
/// Cancellation: every wait but join(); who is cancelled has neither put nor taken anything. Throws:
/// std::bad_alloc where an unbounded queue has to grow, and for a type whose moves may throw; what making a T
/// of what is put throws, and then the queue is as before. Complexity: bounded, one allocation when made;
/// unbounded, one each time that it has to hold twice as much as ever before, kept until the end; an item
/// whose moves may throw is an allocation. A put or get that need not wait is one compare-and-swap.
template <class T> class queue : public detail::task_queue<T, detail::ring_core<detail::stored<T>>> {
 public:
    /// Of at most `capacity` items, or `heddle::unbounded`. @throws std::invalid_argument for 0.
    explicit queue(std::size_t capacity)
        : detail::task_queue<T, detail::ring_core<detail::stored<T>>>(capacity) {}
};

}  // namespace heddle::inline v0
