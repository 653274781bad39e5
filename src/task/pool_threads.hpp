// SPDX-License-Identifier: BSL-1.0
#pragma once

// The threads of a pool: how they start, what each does, and how one waits for their end.

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/thread.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/rt/worker.hpp>
#include <memory>
#include <string>
#include <vector>

namespace heddle::inline v0::detail {

/// One thread for each worker, with its name.
class pool_threads {
 public:
    /// Starts them; each calls `initializer`, if there is one, and then runs its worker for `source`. If the
    /// initializer throws the worker does not run, and `broken` is called with a broken_pool that says why.
    /// If a thread cannot be started `missing` is called with how many will not be there, and is to make the
    /// others end. @throws std::system_error, std::bad_alloc, and then none is left.
    template <class Worker, class Broken, class Missing>
    void start(const std::string& pool, const std::vector<std::unique_ptr<Worker>>& workers,
               rt::work_source& source, const std::function<void()>& initializer, Broken broken,
               Missing missing) {
        left_.store(workers.size(), std::memory_order_relaxed);
        threads_.reserve(workers.size());
        try {
            for (auto& w : workers)
                threads_.emplace_back(w->name(), [this, &pool, &w = *w, &source, &initializer, broken] {
                    if (const auto error = failure_of(initializer, pool))
                        broken(error);
                    else
                        w.run(&source, [] { return false; });
                    ended(1);
                });
        } catch (...) {
            const std::size_t started = threads_.size();
            ended(workers.size() - started);
            missing(workers.size() - started);
            join();
            rethrow(pool, started, workers.size());
        }
    }

    /// Whether all have ended, and where a coroutine that waits for it is parked.
    bool over() const noexcept { return left_.load(std::memory_order_acquire) == 0; }
    const void* end() const noexcept { return &left_; }
    /// Blocks: the current task. @return whether they have ended.
    bool wait_until_over(rt::deadline until);
    /// As wait_until_over(), for as long as it takes, and joins them. Several may come at the same time.
    void join();

 private:
    /// What `initializer` throws, as broken_pool; null if it returns.
    static std::exception_ptr failure_of(const std::function<void()>& initializer, const std::string& pool);
    /// What is being handled, as what a pool's constructor throws.
    [[noreturn]] static void rethrow(const std::string& pool, std::size_t started, std::size_t of);
    void ended(std::size_t n) noexcept;

    std::atomic<std::size_t> left_{0};  // that have not ended; parked at while there are any
    rt::word_lock joining_;
    std::vector<rt::os_thread> threads_;
};

}  // namespace heddle::inline v0::detail
