// SPDX-License-Identifier: BSL-1.0
#pragma once

// A scenario that is written once and done in every form: by threads, by fibers and by tasks of a pool, whose
// waits block, and by coroutines, whose waits are awaited.

#include <array>
#include <coroutine>
#include <exception>
#include <functional>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/lock_all.hpp>
#include <heddle/sync/select.hpp>
#include <heddle/task/thread_pool.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "checked.hpp"

namespace checked {

/// What one party of a scenario does. It runs when it is called, up to the first wait that suspends it: where
/// the waits block, to its end, on the stack of the caller. Not a heddle::task, because those are resumed by
/// way of their thread, and a fiber may leave it in the middle.
class [[nodiscard("co_await it")]] act {
 public:
    struct promise_type {
        std::coroutine_handle<> who_waits = std::noop_coroutine();
        std::exception_ptr error;

        act get_return_object() noexcept {
            return act(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        struct on_to_who_waits {
            bool await_ready() const noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) const noexcept {
                return h.promise().who_waits;
            }
            void await_resume() const noexcept {}
        };
        on_to_who_waits final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() noexcept { error = std::current_exception(); }
    };

    explicit act(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    act(const act&) = delete;
    act& operator=(const act&) = delete;
    ~act() { handle_.destroy(); }

    bool await_ready() const noexcept { return handle_.done(); }
    void await_suspend(std::coroutine_handle<> h) const noexcept { handle_.promise().who_waits = h; }
    void await_resume() const {
        if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
    }
    /// Where the waits block.
    void is_over() const {
        heddle::check::require(handle_.done(), "a wait has suspended what should block");
        await_resume();
    }

 private:
    std::coroutine_handle<promise_type> handle_;
};

using acts = std::vector<std::function<act()>>;

/// One wait: a call that blocks, or what is awaited in its place.
template <class Block, class Await> class wait_in_form {
    using awaiter = std::invoke_result_t<Await&>;
    struct made_in_place {
        Await& make;
        operator awaiter() const { return make(); }
    };

 public:
    wait_in_form(bool blocks, Block block, Await await)
        : blocks_(blocks),
          block_(std::move(block)),
          await_(std::move(await)) {}
    bool await_ready() {
        if (blocks_) return true;
        awaiter_.emplace(made_in_place{await_});
        return awaiter_->await_ready();
    }
    template <class Promise> auto await_suspend(std::coroutine_handle<Promise> h) {
        return awaiter_->await_suspend(h);
    }
    std::invoke_result_t<Block&> await_resume() {
        if (blocks_) return block_();
        return awaiter_->await_resume();
    }

 private:
    bool blocks_;
    Block block_;
    Await await_;
    std::optional<awaiter> awaiter_;
};

/// A form, and in it the waits of a scenario. What they are given is referred to until the end of the wait.
class form {
 public:
    form(const char* name, way how) : name_(name), blocks_(true), block_(std::move(how)) {}
    form(const char* name, void (*how)(coroutines)) : name_(name), blocks_(false), await_(how) {}

    const char* name() const { return name_; }

    /// Returns when all have ended.
    void run(acts work) const {
        if (blocks_) {
            bodies calls;
            for (const auto& f : work) calls.push_back([&f] { f().is_over(); });
            block_(std::move(calls));
        } else {
            coroutines tasks;
            for (const auto& f : work) tasks.push_back([&f]() -> heddle::task<> { co_await f(); });
            await_(std::move(tasks));
        }
    }

    template <class Block, class Await> auto either(Block block, Await await) const {
        return wait_in_form<Block, Await>(blocks_, std::move(block), std::move(await));
    }

    template <class L> auto lock(L& l) const {
        return either([&l] { l.lock(); }, [&l] { return l.async_lock(); });
    }
    template <class L> auto lock_shared(L& l) const {
        return either([&l] { l.lock_shared(); }, [&l] { return l.async_lock_shared(); });
    }
    /// As lock(), in a way that can be cancelled where it blocks, too; and it may give false.
    template <class L> auto lock_until(L& l, heddle::rt::deadline until) const {
        return either([&l, until] { return l.try_lock_until(until); },
                      [&l, until] { return l.async_lock(until); });
    }
    template <class... L> auto lock_all(L&... locks) const {
        return either([&locks...] { return heddle::lock_all(locks...); },
                      [&locks...] { return heddle::async_lock_all(locks...); });
    }
    template <class S> auto acquire(S& s) const {
        return either([&s] { s.acquire(); }, [&s] { return s.async_acquire(); });
    }
    template <class S> auto acquire_until(S& s, heddle::rt::deadline until) const {
        return either([&s, until] { return s.try_acquire_until(until); },
                      [&s, until] { return s.async_acquire(until); });
    }
    /// Of an event, a latch, a barrier, or a condition, which may have a predicate.
    template <class W, class... Pred> auto wait(W& w, Pred... pred) const {
        return either([&w, pred...] { return w.wait(pred...); },
                      [&w, pred...] { return w.async_wait(pred...); });
    }
    template <class W> auto wait_until(W& w, heddle::rt::deadline until) const {
        return either([&w, until] { return w.wait_until(until); },
                      [&w, until] { return w.async_wait(until); });
    }
    template <class L> auto arrive_and_wait(L& l) const {
        return either([&l] { l.arrive_and_wait(); }, [&l] { return l.async_arrive_and_wait(); });
    }
    /// Of a queue, a thread, a timer.
    template <class J> auto join(J& j) const {
        return either([&j] { j.join(); }, [&j] { return j.async_join(); });
    }
    template <class J> auto join_until(J& j, heddle::rt::deadline until) const {
        return either([&j, until] { return j.join_until(until); },
                      [&j, until] { return j.async_join(until); });
    }
    template <class Q> auto get(Q& q) const {
        return either([&q] { return q.get(); }, [&q] { return q.async_get(); });
    }
    template <class Q> auto get_until(Q& q, heddle::rt::deadline until) const {
        return either([&q, until] { return q.get_until(until); }, [&q, until] { return q.async_get(until); });
    }
    template <class Q, class T> auto put(Q& q, T&& item) const {
        return either([&q, &item] { return q.put(std::forward<T>(item)); },
                      [&q, &item] { return q.async_put(std::forward<T>(item)); });
    }
    template <class Q, class T> auto put_until(Q& q, heddle::rt::deadline until, T&& item) const {
        return either([&q, until, &item] { return q.put_until(until, std::forward<T>(item)); },
                      [&q, until, &item] { return q.async_put(until, std::forward<T>(item)); });
    }
    template <class In> auto receive(In& in) const {
        return either([&in] { return in.receive(); }, [&in] { return in.async_receive(); });
    }
    template <class In> auto receive_until(In& in, heddle::rt::deadline until) const {
        return either([&in, until] { return in.receive_until(until); },
                      [&in, until] { return in.async_receive(until); });
    }
    template <class Out, class T> auto send(Out& out, T&& item) const {
        return either([&out, &item] { return out.send(std::forward<T>(item)); },
                      [&out, &item] { return out.async_send(std::forward<T>(item)); });
    }
    template <class Out, class T> auto send_until(Out& out, heddle::rt::deadline until, T&& item) const {
        return either([&out, until, &item] { return out.send_until(until, std::forward<T>(item)); },
                      [&out, until, &item] { return out.async_send(until, std::forward<T>(item)); });
    }
    template <class... Cases> auto select(Cases... cases) const {
        return either([cases...] { return heddle::select(cases...); },
                      [cases...] { return heddle::async_select(cases...); });
    }
    template <class... Cases> auto select_until(heddle::rt::deadline until, Cases... cases) const {
        return either([until, cases...] { return heddle::select_until(until, cases...); },
                      [until, cases...] { return heddle::async_select(until, cases...); });
    }
    template <class O, class F> auto call(O& o, F f) const {
        return either([&o, f] { o.call(f); }, [&o, f] { return o.async_call(f); });
    }
    /// Lets all others run. Long enough for a worker to fall asleep, as each step takes time under the
    /// checker: one that only turned to its next task would keep other threads from running. Not where it may
    /// be asked to stop.
    auto pause() const {
        return either([] { heddle::rt::sleep_for(std::chrono::milliseconds(10)); },
                      [] { return heddle::sleep(std::chrono::milliseconds(10)); });
    }
    /// Until exactly `n` wait at `address`.
    act parked(const void* address, std::size_t n) const {
        while (heddle::rt::parking_lot::count(address) != n) co_await pause();
    }

 private:
    const char* name_;
    bool blocks_;
    way block_;
    void (*await_)(coroutines) = nullptr;
};

/// Asks one party of a scenario to stop, at any moment of what it does between begin() and end().
class stop_of_one {
 public:
    explicit stop_of_one(const form& as) : as_(as) {}

    /// The party to be asked.
    void begin() {
        party_ = &heddle::rt::current_task();
        here_.set();
    }
    /// It stays until it has been asked, as whoever asks needs it.
    act end() {
        bool over = false;
        while (!over) try {
                co_await as_.wait(asked_);
                over = true;
            } catch (const heddle::cancelled&) {
                // It was asked later than it did anything that could be cancelled.
            }
    }
    /// Whoever asks.
    act request() {
        co_await as_.wait(here_);
        party_->request_stop();
        asked_.set();
    }

 private:
    const form& as_;
    heddle::rt::task_context* party_ = nullptr;
    heddle::event here_;
    heddle::event asked_;
};

/// Each as a task of a pool with two workers.
inline void on_pool(bodies work) {
    heddle::thread_pool pool(2);
    std::vector<heddle::future<>> running;
    for (const auto& f : work) running.push_back(pool.submit([&f] { f(); }));
    for (const auto& f : running) f.get();
}

/// Every second one as a task of another thread's loop.
inline void on_two_loops(coroutines work) {
    coroutines halves[2];
    for (std::size_t i = 0; i < work.size(); ++i) halves[i % 2].push_back(std::move(work[i]));
    at_once({[&] { on_loop(std::move(halves[0])); }, [&] { on_loop(std::move(halves[1])); }});
}

inline const std::array forms{form("threads", threads),
                              form("fibers of one worker", fibers),
                              form("fibers of two workers", fibers_of_two_workers),
                              form("tasks of a pool", on_pool),
                              form("coroutines of one loop", on_loop),
                              form("coroutines of two loops", on_two_loops)};

/// Nothing fails in any of the orders tried, in every form.
inline void expect_correct_in_every_form(const std::function<void(const form&)>& scenario) {
    for (const form& as : forms) expect_correct([&] { scenario(as); }, as.name(), 100);
}

}  // namespace checked

#define EXPECT_CORRECT_IN_EVERY_FORM(...) ::checked::expect_correct_in_every_form(__VA_ARGS__)
