// SPDX-License-Identifier: BSL-1.0
#pragma once

// A fiber on which a pool runs its tasks. One that does not wait is called on it like any function, the next
// one after it; a task that waits keeps its fiber, and the worker goes on with another one.

#include <atomic>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/task/fork_context.hpp>
#include "pool_worker.hpp"

namespace heddle::inline v0::detail {

class pool_engine;

/// It lives as long as the pool, at rest while there is nothing for it to do.
class pool_fiber final : public rt::fiber_task {
 public:
    /// @throws std::system_error
    explicit pool_fiber(pool_engine& pool);
    ~pool_fiber() override = default;

    /// The fiber of this pool that the caller runs on, null if it is none.
    static pool_fiber* current(const pool_engine& pool) noexcept;

    /// The step that runs `job` on it; it must be at rest.
    rt::runnable& begin(rt::runnable& job) noexcept {
        job_ = &job;
        return step();
    }
    /// The step that runs a fork that was stolen.
    rt::runnable& begin(fork_slot& slot) noexcept {
        fork_job_.slot = &slot;
        return begin(fork_job_);
    }
    /// Lets body() return. It must be at rest.
    void finish() noexcept {
        job_ = nullptr;
        step().run();
    }
    pool_worker& worker() const noexcept { return static_cast<pool_worker&>(home()); }

    /// The forks of what runs on it.
    fork_context& forks() noexcept { return forks_; }
    /// Suspends it, which must be running, until the stolen fork is done.
    void wait_for(fork_slot& slot) noexcept;
    /// Runs a fork that was stolen, on the running fiber.
    static void run(fork_slot& slot) noexcept;
    /// Whether `r` is a call to run some of the forks of a fiber that waits.
    static bool is_offer(const rt::runnable& r) noexcept { return r.runs(&on_offer); }

    /// Whether `r` goes on with a fiber, in place of being a job for one.
    static bool goes_on(const rt::runnable& r) noexcept { return is_step(r); }

 private:
    struct fork_job : rt::runnable {
        fork_job() noexcept : rt::runnable(&on_fork) {}
        fork_slot* slot = nullptr;
    };
    // In a queue while `queued`, and only then: so there is at most one.
    struct offer : rt::runnable {
        explicit offer(pool_fiber& f) noexcept : rt::runnable(&on_offer), of(f) {}
        pool_fiber& of;
        std::atomic<bool> queued{false};
    };
    static void on_fork(rt::runnable& r) noexcept;
    static void on_offer(rt::runnable& r) noexcept;

    void make_offer(pool_worker& by) noexcept;
    void go_on_next() noexcept;
    void leaving() noexcept override;
    void body() override;
    void entering() noexcept override;
    void ended() noexcept override {}

    pool_engine& pool_;
    rt::runnable* job_ = nullptr;
    fork_job fork_job_;
    offer offer_{*this};
    fork_context forks_;
};

}  // namespace heddle::inline v0::detail
