// SPDX-License-Identifier: BSL-1.0
#pragma once

// Several tasks at once on the present loop, and all their results. gather() owns its tasks: it is over when
// all of them are, so they may refer to the caller's variables.

#include <atomic>
#include <cstddef>
#include <exception>
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
    /// Spawns `t`. What can throw comes before the task is there: one that runs is always counted.
    template <class T> static future<T> start(task<T>& t, const std::shared_ptr<gathering>& all) {
        auto report = std::make_unique<reporter>(all);
        future<T> f = spawn(std::move(t));
        all->left_.fetch_add(1, std::memory_order_relaxed);  // read by this thread, or after one_done()
        future_access::state(f)->on_done(std::move(report));
        return f;
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
    struct reporter final : future_state::callback {
        explicit reporter(std::shared_ptr<gathering> g) : all(std::move(g)) {}
        void call(future_state& s) noexcept override {
            if (s.status() == future_status::cancelled || s.failed()) all->failed(s);
            all->one_done();
        }
        std::shared_ptr<gathering> all;
    };
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

    std::atomic<std::size_t> left_{0};
    std::atomic<const future_state*> first_failure_{nullptr};
};

template <class T> auto stored_result(const future<T>& f) {
    return std::move(future_access::state(f)->value());
}

/// The part that all forms of gather() share. `start_all` fills in the futures, `for_each` calls a function
/// with each of them.
template <class StartAll, class ForEach> task<void> gather_all(StartAll start_all, ForEach for_each) {
    const auto all = std::make_shared<gathering>();
    const auto stop_all = [&] {
        for_each([](const auto& f) {
            if (f.valid()) f.request_stop();
        });
    };
    auto joined = all->join(stop_all);  // made first: for what is started there must be a way to wait
    std::exception_ptr not_started;
    try {
        start_all(all);
    } catch (...) {
        not_started = std::current_exception();
        stop_all();
    }
    co_await std::move(joined);
    for_each([](const auto& f) {
        if (f.valid()) future_access::state(f)->error();  // all of them count as looked at
    });
    if (not_started) std::rethrow_exception(not_started);
    if (const auto* failure = all->first_failure()) failure->check();
}

template <class T> task<void> gather_all(std::vector<task<T>>& tasks, std::vector<future<T>>& futures) {
    futures.reserve(tasks.size());
    return gather_all(
        [&](const std::shared_ptr<gathering>& all) {
            for (auto& t : tasks) futures.push_back(gathering::start(t, all));
        },
        [&](auto f) {
            for (const auto& each : futures) f(each);
        });
}

}  // namespace detail

/// Runs all of `tasks` at once and gives their results in order. If some fail the others still run to their
/// end (they are not cancelled), and then the failure that came first is thrown; the others' are dropped. If
/// the caller is asked to stop, all are asked to stop, and cancelled is thrown when they have ended. If one
/// cannot be started, for want of memory say, those that were are asked to stop and waited for as well.
/// Throws: what a task threw; cancelled; what starting one threw; invalid_state outside a loop, or for a task
/// that holds nothing.
template <class T> task<std::vector<T>> gather(std::vector<task<T>> tasks) {
    std::vector<future<T>> futures;
    co_await detail::gather_all(tasks, futures);
    std::vector<T> results;
    results.reserve(futures.size());
    for (const auto& f : futures) results.push_back(detail::stored_result(f));
    co_return results;
}

/// As above, for tasks that give nothing.
inline task<void> gather(std::vector<task<void>> tasks) {
    std::vector<future<void>> futures;
    co_await detail::gather_all(tasks, futures);
}

/// As above, for tasks of different types; the result is a tuple, with std::monostate for void.
template <class... T> task<std::tuple<typename detail::result_state<T>::stored...>> gather(task<T>... tasks) {
    std::tuple<future<T>...> futures;
    const auto start_all = [&](const std::shared_ptr<detail::gathering>& all) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            ((std::get<I>(futures) = detail::gathering::start(tasks, all)), ...);
        }
        (std::index_sequence_for<T...>());
    };
    const auto for_each = [&](auto f) { std::apply([&](const auto&... each) { (f(each), ...); }, futures); };
    co_await detail::gather_all(start_all, for_each);
    co_return std::apply(
        [](const auto&... f) {
            return std::tuple<typename detail::result_state<T>::stored...>{detail::stored_result(f)...};
        },
        futures);
}

}  // namespace heddle::inline v0
