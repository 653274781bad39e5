// SPDX-License-Identifier: BSL-1.0
#pragma once

// A queue with two ends that are values: a channel closes when the last sender, or the last receiver, has
// gone. Capacity 0 is a rendezvous: send() returns when somebody has the item. For pipelines, and for
// select(); use queue where items are to be counted off with task_done().

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/sync/detail/channel_core.hpp>
#include <heddle/sync/detail/queue_wait.hpp>
#include <heddle/sync/detail/stored_item.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/queue_result.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace heddle::inline v0 {

template <class T> struct channel;

namespace detail {

struct channel_access;

/// One end of a channel: a counted handle. `Count` is the count of its kind.
template <class T, auto Count> class channel_end {
 public:
    /// An end of nothing: every call on it but valid() is invalid_state.
    channel_end() noexcept = default;
    channel_end(const channel_end& other) noexcept : state_(other.state_) {
        // relaxed: the other one is there, so the count is not 0.
        if (state_) (*state_.*Count).fetch_add(1, std::memory_order_relaxed);
    }
    channel_end(channel_end&& other) noexcept = default;
    channel_end& operator=(channel_end other) noexcept {
        state_.swap(other.state_);
        return *this;
    }
    ~channel_end() { leave(); }

    /// Whether it is an end of a channel.
    bool valid() const noexcept { return state_ != nullptr; }
    /// Lets go of it now instead of at the end of the scope.
    void reset() noexcept {
        leave();
        state_.reset();
    }
    /// Whether the channel has been closed; there may be items left.
    bool closed() const { return core().closed(); }
    /// How many items are inside: a hint.
    std::size_t size() const { return core().size(); }
    /// What the channel was made with.
    std::size_t capacity() const { return core().capacity(); }
    friend bool operator==(const channel_end&, const channel_end&) = default;

 protected:
    using state = channel_state<stored<T>>;
    explicit channel_end(std::shared_ptr<state> s) noexcept : state_(std::move(s)) {}
    auto& core() const {
        if (state_ == nullptr) throw_empty("end of a channel");
        return state_->core;
    }

 private:
    friend struct channel_access;
    void leave() noexcept {
        if (state_ == nullptr || (*state_.*Count).fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        state_->core.close();
        // Without receivers nobody will ever want what is inside.
        if constexpr (Count == &state::receivers) state_->core.drop_all();
    }
    std::shared_ptr<state> state_;
};

struct channel_access {
    template <class T, auto Count> static auto& core(const channel_end<T, Count>& end) { return end.core(); }
};

template <class T> using sending_end = channel_end<T, &channel_state<stored<T>>::senders>;
template <class T> using receiving_end = channel_end<T, &channel_state<stored<T>>::receivers>;

}  // namespace detail

/// The end of a channel that items go in at; copies are the same end.
///
/// Who waits is served in the order of waiting. Thread-safety: all members but assignment, reset() and the
/// destructor from any task. Cancellation: every wait; the item is not sent then. Throws: what making a T
/// does, and std::bad_alloc of an unbounded channel that has to grow; nothing has been sent then.
template <class T> class sender : public detail::sending_end<T> {
    using core_type = detail::channel_core<detail::stored<T>>;
    template <class Make> using operation = detail::awaiting<detail::put_wait<core_type, Make>>;

 public:
    sender() noexcept = default;

    /// Sends an item. Blocks the task while there is no room; of a rendezvous, until it is received. @return
    /// ok or closed. Throws: cancelled.
    queue_result<void> send(T item) { return send_until(rt::deadline::never(), std::move(item)); }
    /// Sends an item if there is room, or somebody waits for it. Never waits. @return ok, full or closed. An
    /// item that was not taken is not moved from, where a T can be made of it without throwing.
    template <class U = T>
        requires std::constructible_from<T, U&&>
    queue_result<void> try_send(U&& item) {
        auto& c = this->core();
        if constexpr (!detail::made_late<T, U>) {
            if (const auto now = c.room(); now != queue_status::ok) return queue_result<void>(now);
        }
        detail::source_item<T, U> make(std::forward<U>(item));
        return queue_result<void>(c.try_put(make));
    }
    /// send() unless that takes longer than `d`. @return ok, timed_out or closed; the item as of try_send().
    template <class Rep, class Period, class U = T>
        requires std::constructible_from<T, U&&>
    queue_result<void> send_for(std::chrono::duration<Rep, Period> d, U&& item) {
        return send_until(rt::deadline::after(d), std::forward<U>(item));
    }
    /// As send_for(), until `until`.
    template <class U = T>
        requires std::constructible_from<T, U&&>
    queue_result<void> send_until(rt::deadline until, U&& item) {
        auto& c = this->core();
        detail::source_item<T, U> make(std::forward<U>(item));
        if (const auto now = c.try_put(make); now != queue_status::full) return queue_result<void>(now);
        detail::put_wait<core_type, detail::source_item<T, U>> op(c, until, std::move(make));
        return detail::wait_at_queue(op);
    }
    /// co_await: as send(). Throws also: invalid_state if it has to wait outside a worker.
    auto async_send(T item) {
        return operation<detail::early_item<T>>(std::in_place, this->core(), rt::deadline::never(),
                                                std::move(item));
    }
    /// co_await: as send_until().
    template <class U = T>
        requires std::constructible_from<T, U&&>
    auto async_send(rt::deadline until, U&& item) {
        return operation<detail::source_item<T, U>>(std::in_place, this->core(), until,
                                                    std::forward<U>(item));
    }
    /// Closes the channel for all senders: what is inside can still be received. More than once is fine.
    void close() { this->core().close(); }

 private:
    friend struct channel<T>;
    explicit sender(std::shared_ptr<detail::channel_state<detail::stored<T>>> s) noexcept
        : detail::sending_end<T>(std::move(s)) {}
};

/// The end of a channel that items come out at; copies are the same end, so an item goes to one of them.
///
/// Who waits is served in the order of waiting. Thread-safety: as of sender. Cancellation: every wait;
/// nothing has been received then.
template <class T> class receiver : public detail::receiving_end<T> {
    using core_type = detail::channel_core<detail::stored<T>>;
    using operation = detail::awaiting<detail::get_wait<T, core_type>>;

 public:
    receiver() noexcept = default;

    /// Receives the next item. Blocks the task while there is none. @return the item, or closed once the
    /// channel is closed and empty. Throws: cancelled.
    queue_result<T> receive() { return receive_until(rt::deadline::never()); }
    /// Receives the next item if there is one, or somebody waits to send one. Never waits. @return the item,
    /// empty or closed.
    queue_result<T> try_receive() {
        std::optional<detail::stored<T>> item;
        const auto status = try_take(item);
        return item ? queue_result<T>(std::move(*item)) : queue_result<T>(status);
    }
    /// receive() unless that takes longer than `d`. @return the item, timed_out or closed.
    template <class Rep, class Period> queue_result<T> receive_for(std::chrono::duration<Rep, Period> d) {
        return receive_until(rt::deadline::after(d));
    }
    /// As receive_for(), until `until`.
    queue_result<T> receive_until(rt::deadline until) {
        if (auto now = try_receive(); now.status() != queue_status::empty) return now;
        detail::get_wait<T, core_type> op(this->core(), until);
        return detail::wait_at_queue(op);
    }
    /// co_await: as receive(). Throws also: invalid_state if it has to wait outside a worker.
    auto async_receive() { return operation(std::in_place, this->core(), rt::deadline::never()); }
    /// co_await: as receive_until().
    auto async_receive(rt::deadline until) { return operation(std::in_place, this->core(), until); }

    /// Of for (auto& item : receiver): receives until the channel is closed and empty.
    class iterator {
     public:
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        iterator() noexcept = default;
        T& operator*() const { return **now_; }
        T* operator->() const { return &**now_; }
        iterator& operator++() {
            now_.reset();
            now_.emplace(from_->receive());
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept {
            return !i.now_ || !*i.now_;
        }

     private:
        friend class receiver;
        explicit iterator(receiver& from) : from_(&from) { ++*this; }
        receiver* from_ = nullptr;
        mutable std::optional<queue_result<T>> now_;
    };
    /// Receives the first. Throws as receive().
    iterator begin() { return iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

 private:
    friend struct channel<T>;
    explicit receiver(std::shared_ptr<detail::channel_state<detail::stored<T>>> s) noexcept
        : detail::receiving_end<T>(std::move(s)) {}
    queue_status try_take(std::optional<detail::stored<T>>& item) {
        auto take = [&item](detail::stored<T>&& from) noexcept { item.emplace(std::move(from)); };
        return this->core().try_get(take);
    }
};

/// A new channel, as its two ends: `auto [out, in] = heddle::channel<int>(16);`.
///
/// Complexity: two allocations when made; unbounded, one each time that it has to hold twice as much as ever
/// before. A send or receive that need not wait is one compare-and-swap; of a rendezvous, a lock.
template <class T> struct channel {
    static_assert(std::is_object_v<T> && std::same_as<T, std::remove_cv_t<T>>,
                  "heddle: a channel carries objects that are not const; for references use pointers");
    /// Of at most `capacity` items: 0 for a rendezvous, or `heddle::unbounded`. @throws std::bad_alloc
    explicit channel(std::size_t capacity)
        : channel(std::make_shared<detail::channel_state<detail::stored<T>>>(capacity)) {}

    sender<T> out;
    receiver<T> in;

 private:
    explicit channel(std::shared_ptr<detail::channel_state<detail::stored<T>>> s) noexcept : out(s), in(s) {}
};

}  // namespace heddle::inline v0
