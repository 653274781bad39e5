// SPDX-License-Identifier: BSL-1.0
#pragma once

// Several tasks at once on the present loop, and all their results. gather() owns its tasks: it is over when
// all of them are, so they may refer to the caller's variables.

#include <atomic>
#include <cstddef>
#include <heddle/io/event_loop.hpp>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/error.hpp>
#include <memory>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace heddle::inline v0 {

namespace detail {

// How many of a gather's tasks are not done, and which failed first. The callbacks run on whatever thread
// completes a task, and share it: the last of them may still be inside when the gatherer goes on.
class gathering {
 public:
    explicit gathering(std::size_t count) : left_(count) {}

    template <class T> void watch(const future<T>& f, std::shared_ptr<gathering> self) {
        f.on_done([self = std::move(self)](const future<T>& done) {
            const future_state& s = *future_access::state(done);
            if (s.status() == future_status::cancelled || s.failed()) self->failed(s);
            self->one_done();
        });
    }

    /// Waits for all. If the awaiting task is asked to stop it calls `stop_all` and still waits, and throws
    /// cancelled.
    template <class StopAll> task<void> join(StopAll stop_all) {
        bool stopped = false;
        while (left_.load(std::memory_order_acquire) != 0) {
            const auto mode = stopped ? rt::cancellation::ignored : rt::cancellation::observed;
            rt::async_park park(&left_, unfinished{this}, rt::deadline::never(), mode);
            const auto outcome = co_await park;
            if (outcome == rt::wait_outcome::cancelled) {
                stopped = true;
                stop_all();
            }
        }
        if (stopped) throw cancelled();
    }

    /// The first that failed, null if none did; after join().
    const future_state* first_failure() const noexcept {
        return first_failure_.load(std::memory_order_acquire);
    }

 private:
    struct unfinished {
        const gathering* g;
        bool operator()() const noexcept { return g->left_.load(std::memory_order_acquire) != 0; }
    };

    void failed(const future_state& s) noexcept {
        const future_state* none = nullptr;
        first_failure_.compare_exchange_strong(none, &s, std::memory_order_acq_rel);
    }
    void one_done() noexcept {
        // acq_rel: the gatherer that reads zero sees everything that every task did.
        if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) rt::parking_lot::unpark_all(&left_);
    }

    std::atomic<std::size_t> left_;
    std::atomic<const future_state*> first_failure_{nullptr};
};

template <class T> auto stored_result(const future<T>& f) {
    return std::move(future_access::state(f)->value());
}

}  // namespace detail

/// Runs all of `tasks` at once and gives their results in order. If some fail the others still run to their
/// end (they are not cancelled), and then the failure that came first is thrown; the others' are dropped. If
/// the caller is asked to stop, all are asked to stop, and cancelled is thrown when they have ended. Throws:
/// what a task threw; cancelled; invalid_state outside a loop.
template <class T> task<std::vector<T>> gather(std::vector<task<T>> tasks) {
    std::vector<future<T>> futures;
    futures.reserve(tasks.size());
    const auto all = std::make_shared<detail::gathering>(tasks.size());
    for (auto& t : tasks) {
        futures.push_back(spawn(std::move(t)));
        all->watch(futures.back(), all);
    }
    auto joined = all->join([&futures] {
        for (const auto& f : futures) f.request_stop();
    });
    co_await std::move(joined);
    for (const auto& f : futures) detail::future_access::state(f)->error();  // all of them count as looked at
    if (const auto* failure = all->first_failure()) failure->check();
    std::vector<T> results;
    results.reserve(futures.size());
    for (const auto& f : futures) results.push_back(detail::stored_result(f));
    co_return results;
}

/// As above, for tasks that give nothing.
inline task<void> gather(std::vector<task<void>> tasks) {
    std::vector<future<void>> futures;
    futures.reserve(tasks.size());
    const auto all = std::make_shared<detail::gathering>(tasks.size());
    for (auto& t : tasks) {
        futures.push_back(spawn(std::move(t)));
        all->watch(futures.back(), all);
    }
    auto joined = all->join([&futures] {
        for (const auto& f : futures) f.request_stop();
    });
    co_await std::move(joined);
    for (const auto& f : futures) detail::future_access::state(f)->error();
    if (const auto* failure = all->first_failure()) failure->check();
}

/// As above, for tasks of different types; the result is a tuple, with std::monostate for void.
template <class... T> task<std::tuple<typename detail::result_state<T>::stored...>> gather(task<T>... tasks) {
    std::tuple<future<T>...> futures{spawn(std::move(tasks))...};
    const auto all = std::make_shared<detail::gathering>(sizeof...(T));
    std::apply([&](const auto&... f) { (all->watch(f, all), ...); }, futures);
    auto joined =
        all->join([&futures] { std::apply([](const auto&... f) { (f.request_stop(), ...); }, futures); });
    co_await std::move(joined);
    std::apply([](const auto&... f) { (detail::future_access::state(f)->error(), ...); }, futures);
    if (const auto* failure = all->first_failure()) failure->check();
    co_return std::apply(
        [](const auto&... f) {
            return std::tuple<typename detail::result_state<T>::stored...>{detail::stored_result(f)...};
        },
        futures);
}

}  // namespace heddle::inline v0
