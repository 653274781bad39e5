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

/// The forks of a fiber, which outlive it, because a thief may look at them at any time.
struct pool_forks {
    /// A call to run some of them. In a queue while `queued`, and only then: so there is at most one.
    struct offer : rt::runnable {
        offer(pool_forks& f, pool_engine& p) noexcept : rt::runnable(&on_offer), of(f), pool(p) {}
        pool_forks& of;
        pool_engine& pool;
        std::atomic<bool> queued{false};
    };
    explicit pool_forks(pool_engine& pool) noexcept : to_run(*this, pool) { context.set_engine(pool); }

    /// Puts an offer where the others find it; called on the worker `by`.
    void make_offer(pool_worker& by) noexcept;
    static void on_offer(rt::runnable& r) noexcept;

    fork_context context;
    offer to_run;
    pool_forks* next = nullptr;  // of those that no fiber has
};

/// At rest while there is nothing for it to do; it goes away when its body returns.
class pool_fiber final : public rt::fiber_task {
 public:
    /// @throws std::system_error
    explicit pool_fiber(pool_engine& pool);
    ~pool_fiber() override;

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
    /// Lets body() return, and so deletes it. It must be at rest.
    void finish() noexcept {
        job_ = nullptr;
        step().run();
    }
    /// Gives back the memory that tasks on it have used beyond a little. It must be at rest.
    void trim() noexcept { trim_stack(); }
    pool_worker& worker() const noexcept { return static_cast<pool_worker&>(home()); }

    /// Suspends it, which must be running, until the stolen fork is done.
    void wait_for(fork_slot& slot) noexcept;
    /// A suspended one goes on after what came from outside before.
    void go_on_last() noexcept;
    /// Runs a fork that was stolen, on the running fiber.
    static void run(fork_slot& slot) noexcept;
    /// Whether `r` is a call to run some of the forks of a fiber that waits.
    static bool is_offer(const rt::runnable& r) noexcept { return r.runs(&pool_forks::on_offer); }

    /// Whether `r` goes on with a fiber, in place of being a job for one.
    static bool goes_on(const rt::runnable& r) noexcept { return is_step(r); }
    /// The fiber that such an `r` goes on with.
    static pool_fiber& of(rt::runnable& r) noexcept { return static_cast<pool_fiber&>(of_step(r)); }

 private:
    struct fork_job : rt::runnable {
        fork_job() noexcept : rt::runnable(&on_fork) {}
        fork_slot* slot = nullptr;
    };
    static void on_fork(rt::runnable& r) noexcept;

    void go_on_next() noexcept;
    void leaving() noexcept override;
    void body() override;
    void entering() noexcept override;
    void ended() noexcept override { delete this; }

    pool_engine& pool_;
    rt::runnable* job_ = nullptr;
    fork_job fork_job_;
    pool_forks& forks_;
};

}  // namespace heddle::inline v0::detail
