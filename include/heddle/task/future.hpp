// SPDX-License-Identifier: BSL-1.0
#pragma once

// A result to come. Executors hand out futures for the work they are given; promise<T> makes one by hand.
// Block on it, `co_await` it, withdraw it, or be called back. For many futures at once see wait.hpp.

#include <heddle/rt/clock.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/task/future_state.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace heddle::inline v0 {

template <class T> class future;

namespace detail {

/// See then.hpp, which every executor brings along.
template <class E, class T, class F> auto chain(E& where, const future<T>& first, F&& f);

template <class T>
using const_result = std::conditional_t<std::is_void_v<T>, void, std::add_lvalue_reference_t<const T>>;

/// Waits for a future in a coroutine, which resumes on the worker on which it ran. `End` makes of the state,
/// and of whether it is done, what the coroutine gets; if it has give_back(), it gets the state back where
/// there will be no result.
template <class T, class End> class [[nodiscard("co_await it")]] future_awaiter {
 public:
    future_awaiter(state_ref<result_state<T>> state, rt::deadline until, End end)
        : state_(std::move(state)),
          park_(state_->address(), {state_.get()}, until),
          end_(std::move(end)) {}

    bool await_ready() {
        if (state_->done()) return true;
        future_state::call_put_off();  // what is waited for may come of it
        if (state_->done()) return true;
        parked_ = true;
        return or_give_back([&] { return park_.await_ready(); });
    }
    bool await_suspend(std::coroutine_handle<> h) {
        return or_give_back([&] { return park_.await_suspend(h); });
    }
    decltype(auto) await_resume() {
        const auto outcome = parked_ ? park_.await_resume() : rt::wait_outcome::granted;
        if (outcome == rt::wait_outcome::cancelled) or_give_back([] { throw cancelled(); });
        return end_(*state_, outcome != rt::wait_outcome::timed_out || state_->done());
    }

 private:
    template <class F> auto or_give_back(F f) {
        try {
            return f();
        } catch (...) {
            if constexpr (requires { end_.give_back(std::move(state_)); }) end_.give_back(std::move(state_));
            throw;
        }
    }

    struct validate {
        const future_state* state;
        bool operator()() const noexcept { return state->announce_waiter(); }
    };
    state_ref<result_state<T>> state_;
    rt::async_park<validate> park_;
    End end_;
    bool parked_ = false;
};

/// Access to the state of a future, for executors.
struct future_access {
    template <class T> static future<T> make(state_ref<result_state<T>> state) noexcept {
        return future<T>(std::move(state));
    }
    template <class T> static const state_ref<result_state<T>>& state(const future<T>& f) noexcept {
        return f.state_;
    }
};

}  // namespace detail

/// A handle on a result to come; copies share it. Dropping a future cancels nothing, and an exception that
/// nobody looked at is reported once, through the exception hook.
///
/// Thread-safety: different handles may be used from different threads at the same time, also of the same
/// result. Throws: invalid_state from every member of a handle on nothing (made empty, moved from or taken)
/// but valid(), comparison, copying, moving and destruction.
template <class T = void> class future {
 public:
    using value_type = T;

    /// A handle on nothing.
    future() noexcept = default;
    /// Whether it is a handle on a result.
    bool valid() const noexcept { return static_cast<bool>(state_); }

    /// How far the work has come.
    future_status status() const { return held()->status(); }
    /// Finished or cancelled.
    bool done() const { return held()->done(); }

    /// Waits for the result and gives it; may be called again and again.
    /// Blocks: the current task. Throws: what the work threw; cancelled if it was withdrawn, or if the
    /// calling task is asked to stop (nothing is lost). Cancellation: a task of a pool that runs in place
    /// what it waits for hears of a request when that is over.
    detail::const_result<T> get() const& { return get_until(rt::deadline::never()); }
    /// Waits for the result and moves it out, as take() does.
    T get() && { return std::move(*this).take(); }
    /// Waits for the result and moves it out; this handle is then empty, and others see a moved-from value.
    /// Blocks: the current task. Throws: as get(); if the wait was cancelled the handle still holds the
    /// result to come.
    T take() && {
        held()->wait(rt::deadline::never());
        const auto taken = std::move(state_);
        return moved_out(*taken);
    }
    /// As get(), for at most `d`. Throws: timeout_error too; the future is unchanged by it.
    template <class Rep, class Period>
    detail::const_result<T> get_for(std::chrono::duration<Rep, Period> d) const {
        return get_until(rt::deadline::after(d));
    }
    /// As get(), until `until`. Throws: timeout_error too.
    detail::const_result<T> get_until(rt::deadline until) const {
        return result(*held(), held()->wait(until));
    }
    /// co_await: as get(), suspending the coroutine; resumes on its own worker. Throws also: invalid_state if
    /// it has to wait outside a worker. As with the other async_ forms what it gives is to be awaited at
    /// once. Complexity: no allocation.
    auto async_get() const& { return async_get(rt::deadline::never()); }
    /// co_await: as take(), but for other coroutines the future is empty from the beginning. If it is
    /// cancelled the future has its state back, so it must still be where it was.
    auto async_get() && {
        (void)held();
        return detail::future_awaiter<T, taking>(std::move(state_), rt::deadline::never(), taking{this});
    }
    /// co_await: as get_until().
    auto async_get(rt::deadline until) const { return awaiting(until, &result); }

    /// Waits until done. Blocks: the current task. Throws: cancelled if the calling task is asked to stop.
    void wait() const { held()->wait(rt::deadline::never()); }
    /// Waits until done, for at most `d`. @return whether it is done. Blocks, Throws: as wait().
    template <class Rep, class Period> bool wait_for(std::chrono::duration<Rep, Period> d) const {
        return held()->wait(rt::deadline::after(d));
    }
    /// Waits until done or `until`. @return whether it is done. Blocks, Throws: as wait().
    bool wait_until(rt::deadline until) const { return held()->wait(until); }
    /// co_await: as wait().
    auto async_wait() const {
        return awaiting(rt::deadline::never(), [](state&, bool) {});
    }
    /// co_await: as wait_until().
    auto async_wait(rt::deadline until) const {
        return awaiting(until, [](state&, bool done) { return done; });
    }

    /// Waits and gives the exception, null if there is a value. Blocks: the current task.
    /// Throws: cancelled if the future was withdrawn, or the calling task is asked to stop.
    std::exception_ptr exception() const { return exception_until(rt::deadline::never()); }
    /// As exception(), for at most `d`. Throws: timeout_error too; the future is unchanged by it.
    template <class Rep, class Period>
    std::exception_ptr exception_for(std::chrono::duration<Rep, Period> d) const {
        return exception_until(rt::deadline::after(d));
    }
    /// As exception(), until `until`. Throws: timeout_error too.
    std::exception_ptr exception_until(rt::deadline until) const {
        return failure(*held(), held()->wait(until));
    }
    /// co_await: as exception().
    auto async_exception() const { return async_exception(rt::deadline::never()); }
    /// co_await: as exception_until().
    auto async_exception(rt::deadline until) const { return awaiting(until, &failure); }

    /// Withdraws work that has not started. @return false once it runs or is finished; true if withdrawn,
    /// also before.
    bool cancel() const { return held()->cancel(); }
    /// Asks running work to stop: it sees heddle::cancelled at its next cancellation point. Work that has not
    /// started sees it at its first.
    void request_stop() const { held()->request_stop(); }

    /// Calls `f(future)` once done, in the thread that completes it; at once if it is done. Several are
    /// called in the order of registration, under no lock. Where callbacks complete futures whose callbacks
    /// complete futures and so on, those deeper than a few are called when the others have returned, so a
    /// chain may be long. What `f` throws goes to the exception hook. Complexity: one allocation.
    template <class F> void on_done(F f) const {
        struct node final : detail::future_state::callback {
            explicit node(F&& g) : function(std::move(g)) {}
            void call(detail::future_state& s) override {
                function(future(detail::state_ref<state>::share(static_cast<state*>(&s))));
            }
            bool continues() const noexcept override { return true; }
            F function;
        };
        held()->on_done(std::make_unique<node>(std::move(f)));
    }

    /// Calls `f(future)` on the executor `where` once done, however it ended, and gives the result of that:
    /// what `where.submit(f, future)` would give. `where` has to live until then; if it takes no more work
    /// by then, the result is withdrawn. Complexity: as submit(), and one allocation.
    template <class E, class F> auto then(E& where, F&& f) const {
        held();
        return detail::chain(where, *this, std::forward<F>(f));
    }

    /// As async_get(): suspends the coroutine until done. A point of cancellation (nothing is lost).
    auto operator co_await() const& { return async_get(); }
    /// The same, and moves the result out, as take() does.
    auto operator co_await() && { return std::move(*this).async_get(); }

    friend bool operator==(const future& a, const future& b) noexcept {
        return a.state_.get() == b.state_.get();
    }

 private:
    friend struct detail::future_access;
    using state = detail::result_state<T>;
    explicit future(detail::state_ref<state> s) noexcept : state_(std::move(s)) {}

    const detail::state_ref<state>& held() const {
        if (!state_) [[unlikely]]
            detail::throw_empty("future");
        return state_;
    }
    static void check_done(bool done) {
        if (!done) throw timeout_error("the future was not done in time");
    }
    static std::exception_ptr failure(state& of, bool done) {
        check_done(done);
        if (of.status() == future_status::cancelled) of.check();
        return of.error();
    }
    static detail::const_result<T> result(state& of, bool done) {
        check_done(done);
        if constexpr (std::is_void_v<T>)
            of.value();
        else
            return of.value();
    }
    static T moved_out(state& of) {
        if constexpr (std::is_void_v<T>)
            of.value();
        else
            return std::move(of.value());
    }
    struct taking {
        T operator()(state& of, bool) const { return moved_out(of); }
        void give_back(detail::state_ref<state> lent) const noexcept {
            if (!from->valid()) from->state_ = std::move(lent);
        }
        future* from;
    };
    template <class End> auto awaiting(rt::deadline until, End end) const {
        return detail::future_awaiter<T, End>(held(), until, std::move(end));
    }

    detail::state_ref<state> state_;
};

}  // namespace heddle::inline v0
