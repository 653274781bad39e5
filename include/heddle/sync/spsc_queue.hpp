// SPDX-License-Identifier: BSL-1.0
#pragma once

// A fixed ring between one producer and one consumer, without a lock: the fastest way to pass many small
// items. As soon as there may be a second producer or consumer use queue.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/sync/detail/queue_wait.hpp>
#include <heddle/sync/detail/spsc_core.hpp>
#include <heddle/sync/detail/stored_item.hpp>
#include <heddle/sync/queue_result.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace heddle::inline v0 {

/// First in, first out, from one task to another, each of any kind.
///
/// Thread-safety: the members that put from one task at a time, those that get from one task at a time,
/// shutdown(), closed() and size() from any. What was done before an item was put is seen by the one who gets
/// it. Cancellation: every wait; who is cancelled has neither put nor taken anything. There is no
/// task_done(): it would cost more than the queue. Complexity: one allocation when made; a put or get that
/// need not wait is two stores to words that nobody else writes; a side that waits for the first time in a
/// thousand items makes a system call more, rt::heavy_barrier().
template <class T> class spsc_queue {
    static_assert(std::is_object_v<T> && std::same_as<T, std::remove_cv_t<T>>,
                  "heddle: a queue holds objects that are not const; for references use pointers");
    using core = detail::spsc_core<detail::stored<T>>;
    template <class Make> using put_operation = detail::awaiting<detail::put_wait<core, Make>>;
    using get_operation = detail::awaiting<detail::get_wait<T, core>>;

 public:
    using value_type = T;

    /// Of `capacity` items, rounded up to a power of two. @throws std::invalid_argument for 0;
    /// std::bad_alloc.
    explicit spsc_queue(std::size_t capacity) : core_(capacity) {}
    /// Ends the program with a message if somebody waits.
    ~spsc_queue() = default;

    /// Puts an item. Blocks the task while there is no room. @return ok or closed. Throws: cancelled, and
    /// then the item is not in the queue.
    queue_result<void> put(T item) { return put_until(rt::deadline::never(), std::move(item)); }
    /// Puts an item if there is room. Never waits. @return ok, full or closed. An item that was not taken is
    /// not moved from, where a T can be made of it without throwing; but one whose put meets a shutdown() by
    /// another task may be.
    template <class U = T>
        requires std::constructible_from<T, U&&>
    queue_result<void> try_put(U&& item) {
        if constexpr (!detail::made_late<T, U>) {
            if (const auto now = core_.room(); now != queue_status::ok) return queue_result<void>(now);
        }
        detail::source_item<T, U> make(std::forward<U>(item));
        return queue_result<void>(core_.try_put(make));
    }
    /// Puts an item unless there is no room for `d`. Blocks the task. @return ok, timed_out or closed; the
    /// item as of try_put(). Throws: cancelled.
    template <class Rep, class Period, class U = T>
        requires std::constructible_from<T, U&&>
    queue_result<void> put_for(std::chrono::duration<Rep, Period> d, U&& item) {
        return put_until(rt::deadline::after(d), std::forward<U>(item));
    }
    /// As put_for(), until `until`.
    template <class U = T>
        requires std::constructible_from<T, U&&>
    queue_result<void> put_until(rt::deadline until, U&& item) {
        detail::source_item<T, U> make(std::forward<U>(item));
        if (const auto now = core_.try_put(make); now != queue_status::full) [[likely]]
            return queue_result<void>(now);
        detail::put_wait<core, detail::source_item<T, U>> op(core_, until, std::move(make));
        return detail::wait_at_queue(op);
    }
    /// co_await: as put(). Throws also: invalid_state if it has to wait outside a worker.
    auto async_put(T item) {
        return put_operation<detail::early_item<T>>(std::in_place, core_, rt::deadline::never(),
                                                    std::move(item));
    }
    /// co_await: as put_until().
    template <class U = T>
        requires std::constructible_from<T, U&&>
    auto async_put(rt::deadline until, U&& item) {
        return put_operation<detail::source_item<T, U>>(std::in_place, core_, until, std::forward<U>(item));
    }

    /// Gets the next item. Blocks the task while there is none. @return the item, or closed once the queue
    /// has been shut down and is empty. Throws: cancelled, and then it has taken nothing.
    queue_result<T> get() { return get_until(rt::deadline::never()); }
    /// Gets the next item if there is one. Never waits. @return the item, empty or closed.
    queue_result<T> try_get() {
        std::optional<detail::stored<T>> item;
        const auto status = try_take(item);
        return item ? queue_result<T>(std::move(*item)) : queue_result<T>(status);
    }
    /// Gets the next item unless there is none for `d`. Blocks the task. @return the item, timed_out or
    /// closed. Throws: cancelled.
    template <class Rep, class Period> queue_result<T> get_for(std::chrono::duration<Rep, Period> d) {
        return get_until(rt::deadline::after(d));
    }
    /// As get_for(), until `until`.
    queue_result<T> get_until(rt::deadline until) {
        std::optional<detail::stored<T>> item;
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

    /// Ends the queue: puts give `closed`, gets what is left and then `closed`. More than once is fine.
    void shutdown() noexcept { core_.close(); }
    /// Whether it has been shut down.
    bool closed() const noexcept { return core_.closed(); }
    /// How many items are inside: a hint.
    std::size_t size() const noexcept { return core_.size(); }
    /// What it was made with, rounded up.
    std::size_t capacity() const noexcept { return core_.capacity(); }

 private:
    queue_status try_take(std::optional<detail::stored<T>>& item) noexcept {
        auto take = [&item](detail::stored<T>&& from) noexcept { item.emplace(std::move(from)); };
        return core_.try_get(take);
    }
    [[gnu::noinline]] queue_result<T> get_slow(rt::deadline until) {
        detail::get_wait<T, core> op(core_, until);
        return detail::wait_at_queue(op);
    }

    core core_;
};

}  // namespace heddle::inline v0
