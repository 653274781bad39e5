// SPDX-License-Identifier: BSL-1.0
#pragma once

// Waits for the first of several things and does exactly that one: receive, send, get from a queue, an event,
// or time passing. Where several are ready one is chosen at random, so that none starves.

#include <array>
#include <chrono>
#include <cstddef>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/sync/channel.hpp>
#include <heddle/sync/detail/queue_wait.hpp>
#include <heddle/sync/detail/routine.hpp>
#include <heddle/sync/detail/select_race.hpp>
#include <heddle/sync/detail/stored_item.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/sync/queue_result.hpp>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

namespace heddle::inline v0 {

namespace detail {

// What the user gives to select() says what is to be done; a node of it is made for the time of the call.

/// Getting from a channel or queue with this core.
template <class T, class Core, class F> struct get_case {
    Core* core;
    F function;

    class node final : public select_node {
     public:
        explicit node(get_case& from) noexcept : from_(from) {}
        const void* address() const noexcept override { return from_.core->address(); }
        bool try_now() override {
            auto take = [this](stored<T>&& item) noexcept { target_.item.emplace(std::move(item)); };
            return (status_ = from_.core->try_get(take)) != queue_status::empty;
        }
        bool must_wait() noexcept override {
            if constexpr (requires { from_.core->get_must_wait(&target_); })
                return from_.core->get_must_wait(&target_);
            else
                return from_.core->get_must_wait();
        }
        bool was_done(std::uintptr_t token) noexcept override { return token == queue_token::handed_over; }
        void finish() override {
            if (target_.item)
                from_.function(queue_result<T>(std::move(*target_.item)));
            else
                from_.function(queue_result<T>(status_));
        }
        wait_target& target() noexcept override { return target_; }

     private:
        get_case& from_;
        get_target<stored<T>> target_;
        queue_status status_ = queue_status::empty;
    };
};

/// Putting what `Source` makes into a channel with this core.
template <class Source, class Core, class F> struct put_case {
    Core* core;
    Source source;
    F function;

    class node final : public select_node, private put_target<typename Core::item> {
        using target_type = put_target<typename Core::item>;

     public:
        explicit node(put_case& from) noexcept : target_type(&give), from_(from) {}
        const void* address() const noexcept override { return from_.core->address(); }
        bool try_now() override {
            return (status_ = from_.core->try_put(from_.source)) != queue_status::full;
        }
        bool must_wait() noexcept override {
            if constexpr (requires { from_.core->put_must_wait(this); })
                return from_.core->put_must_wait(this);
            else
                return from_.core->put_must_wait();
        }
        bool was_done(std::uintptr_t token) noexcept override {
            if (token != queue_token::handed_over) return false;
            status_ = queue_status::ok;
            return true;
        }
        void finish() override { from_.function(queue_result<void>(status_)); }
        wait_target& target() noexcept override { return *this; }

     private:
        static typename Core::item give(target_type& self) noexcept {
            return static_cast<node&>(self).from_.source();
        }
        put_case& from_;
        queue_status status_ = queue_status::full;
    };
};

/// Waiting for an event: what does not depend on the function.
class HEDDLE_API event_case_base : public select_node {
 public:
    explicit event_case_base(event& e) noexcept : event_(e) {}
    const void* address() const noexcept override { return &event_; }
    bool try_now() override { return event_.try_wait(); }
    bool must_wait() noexcept override { return event_.must_wait(); }
    bool was_done(std::uintptr_t token) noexcept override { return token == event::let_through; }
    wait_target& target() noexcept override { return target_; }

 protected:
    ~event_case_base() = default;

 private:
    event& event_;
    wait_target target_;
};

template <class F> struct event_case {
    event* what;
    F function;

    class node final : public event_case_base {
     public:
        explicit node(event_case& from) noexcept : event_case_base(*from.what), from_(from) {}
        void finish() override { from_.function(); }

     private:
        event_case& from_;
    };
};

/// Any type with a node: what select() takes.
template <class C>
concept select_case = requires { typename std::remove_cvref_t<C>::node; };

/// The nodes of one call.
template <class... Cases> class select_nodes {
 public:
    explicit select_nodes(Cases&... cases) : nodes_(cases...) {
        std::apply([this](auto&... n) { pointers_ = {&n...}; }, nodes_);
    }
    select_nodes(const select_nodes&) = delete;
    select_nodes& operator=(const select_nodes&) = delete;
    std::span<select_node*> span() noexcept { return pointers_; }

 private:
    std::tuple<typename Cases::node...> nodes_;
    std::array<select_node*, sizeof...(Cases)> pointers_{};
};

/// Calls the function of what has happened, if anything has. @return its number.
inline std::optional<std::size_t> finish_select(select_node* happened) {
    if (happened == nullptr) return std::nullopt;
    const std::size_t number = happened->number;
    happened->finish();
    return number;
}

template <class... Cases>
routine<std::optional<std::size_t>> select_routine(rt::deadline until, Cases... cases) {
    select_nodes<Cases...> nodes(cases...);
    select_race race(nodes.span());
    for (;;) {
        auto now = race.begin();
        while (now == select_race::step::wait || now == select_race::step::wait_on) {
            const bool limited = now == select_race::step::wait;
            rt::async_park park(
                race.address(), [&race] { return race.must_wait(); }, limited ? until : rt::deadline::never(),
                limited ? rt::cancellation::observed : rt::cancellation::ignored);
            park.set_subject("select");
            const rt::wait_outcome outcome = co_await park;
            now = race.end(outcome);
        }
        if (now == select_race::step::done) break;
        if (now == select_race::step::timed_out) co_return std::nullopt;
        if (now == select_race::step::cancelled) throw cancelled();
        if (const auto pause = race.pause(); pause.count() != 0) {
            rt::async_park nap(
                race.address(), [] { return true; }, rt::deadline::after(pause), rt::cancellation::ignored);
            co_await nap;
        }
        if (until.expired()) {
            race.poll();
            break;
        }
    }
    co_return finish_select(race.happened());
}

template <class... Cases> routine<std::size_t> select_forever(Cases... cases) {
    co_return *co_await select_routine(rt::deadline::never(), std::move(cases)...);
}

}  // namespace detail

/// Receiving from `from`; then `f(queue_result<T>)` is called, with `closed` if the channel is closed and
/// empty.
template <class T, class F> auto on_receive(receiver<T>& from, F f) {
    auto& core = detail::channel_access::core(from);
    return detail::get_case<T, std::remove_reference_t<decltype(core)>, F>{&core, std::move(f)};
}
/// Sending `item` to `to`; then `f(queue_result<void>)` is called, with `closed` if the channel is. An item
/// that is not sent is not moved from, where a T can be made of it without throwing; it is referred to until
/// the select is over.
template <class T, class U = T, class F> auto on_send(sender<T>& to, U&& item, F f) {
    auto& core = detail::channel_access::core(to);
    using source = detail::source_item<T, U>;
    return detail::put_case<source, std::remove_reference_t<decltype(core)>, F>{
        &core, source(std::forward<U>(item)), std::move(f)};
}
/// Getting from a queue, lifo_queue or priority_queue; then `f(queue_result<value_type>)` is called, with
/// `closed` if it has been shut down and is empty.
template <class Queue, class F> auto on_get(Queue& from, F f) {
    auto& core = detail::queue_access::core(from);
    return detail::get_case<typename Queue::value_type, std::remove_reference_t<decltype(core)>, F>{
        &core, std::move(f)};
}
/// That `e` is set; of an automatic event it takes the signal. Then `f()` is called.
template <class F> auto on_event(event& e, F f) {
    return detail::event_case<F>{&e, std::move(f)};
}

/// Waits for the first of `cases`, and calls its function. Blocks the task. @return which one it was, from 0.
///
/// What they refer to must stay until the end of the call. Cancellation: a point; nothing has been received,
/// sent or taken then. Throws: cancelled; what the function throws; what sending does. Complexity: linear in
/// the number of cases; no allocation.
template <detail::select_case... Cases> std::size_t select(Cases... cases) {
    detail::select_nodes<Cases...> nodes(cases...);
    return *detail::finish_select(detail::select_here(nodes.span(), rt::deadline::never()));
}
/// As select(), of what can be done at once. Never waits. @return nothing if that is none.
template <detail::select_case... Cases> std::optional<std::size_t> try_select(Cases... cases) {
    detail::select_nodes<Cases...> nodes(cases...);
    return detail::finish_select(detail::select_race(nodes.span()).poll());
}
/// As select(), for at most `d`. @return nothing if it took longer.
template <class Rep, class Period, detail::select_case... Cases>
std::optional<std::size_t> select_for(std::chrono::duration<Rep, Period> d, Cases... cases) {
    detail::select_nodes<Cases...> nodes(cases...);
    return detail::finish_select(detail::select_here(nodes.span(), rt::deadline::after(d)));
}
/// As select(), until `until`. @return nothing if it took longer.
template <detail::select_case... Cases>
std::optional<std::size_t> select_until(rt::deadline until, Cases... cases) {
    detail::select_nodes<Cases...> nodes(cases...);
    return detail::finish_select(detail::select_here(nodes.span(), until));
}
/// co_await: as select(). Throws also: invalid_state if it has to wait outside a worker. Complexity: two
/// allocations.
template <detail::select_case... Cases> auto async_select(Cases... cases) {
    return detail::select_forever(std::move(cases)...);
}
/// co_await: as select_until(). Complexity: one allocation.
template <detail::select_case... Cases> auto async_select(rt::deadline until, Cases... cases) {
    return detail::select_routine(until, std::move(cases)...);
}

}  // namespace heddle::inline v0
