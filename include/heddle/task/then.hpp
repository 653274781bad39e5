// SPDX-License-Identifier: BSL-1.0
#pragma once

// future<T>::then(): what is to be done with a result, on an executor, when it is there. In a coroutine
// co_await says it more plainly, in a task get().

#include <exception>
#include <heddle/rt/error.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/work.hpp>
#include <type_traits>
#include <utility>

namespace heddle::inline v0::detail {

/// A task that is to be queued later, or given up.
template <class E> class later_work {
 public:
    later_work(E& where, work& w) noexcept : where_(&where), work_(&w) {}
    later_work(later_work&& other) noexcept
        : where_(other.where_),
          work_(std::exchange(other.work_, nullptr)) {}
    later_work& operator=(later_work&&) = delete;
    ~later_work() {
        if (work_ != nullptr) work_->give_up();
    }
    void enqueue() noexcept {
        try {
            executor_access::enqueue(*where_, *std::exchange(work_, nullptr));
        } catch (...) {
            // It was given up, and its future says so.
        }
    }

 private:
    E* where_;
    work* work_;
};

/// Completes `p` as `done` has ended.
template <class T> void pass_on(promise<T>& p, future<T> done) {
    if (!p.set_running()) return;  // withdrawn meanwhile
    try {
        if constexpr (std::is_void_v<T>) {
            done.get();
            p.set_value();
        } else {
            p.set_value(std::move(done).take());
        }
    } catch (...) {
        p.set_exception(std::current_exception());
    }
}

template <class E, class T, class F> auto chain(E& where, const future<T>& first, F&& f) {
    if constexpr (requires(work& w) { executor_access::enqueue(where, w); }) {
        // It holds `first`, and `first` the callback that holds it, until that is done.
        auto made = make_work(std::forward<F>(f), first);
        first.on_done([next = later_work<E>(where, *made.task)](const future<T>&) mutable { next.enqueue(); });
        return std::move(made.future);
    } else {
        using result = decltype(where.submit(std::forward<F>(f), first));
        promise<typename result::value_type> p;
        auto given = p.get_future();
        first.on_done([&where, call = std::decay_t<F>(std::forward<F>(f)),
                       p = std::move(p)](const future<T>& done) mutable {
            try {
                where.submit(std::move(call), done)
                    .on_done([p = std::move(p)](result ended) mutable { pass_on(p, std::move(ended)); });
            } catch (...) {
                p.cancel();
            }
        });
        return given;
    }
}

}  // namespace heddle::inline v0::detail
