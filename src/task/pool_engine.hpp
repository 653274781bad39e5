// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is inside a thread_pool: its workers, what waits to be run, who sleeps and who is woken.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <heddle/rt/fiber_host.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/rt/worker.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include "helper_threads.hpp"
#include "idle_count.hpp"
#include "injector.hpp"
#include "pool_clock.hpp"
#include "pool_fiber.hpp"
#include "pool_threads.hpp"
#include "pool_worker.hpp"
#include "visitors.hpp"

namespace heddle::inline v0::detail {

/// Calls to be run (`work`) and fibers that can go on are both runnables in the same queues: a worker's own
/// deque for what comes from the pool's tasks, the injector for what comes from outside. A call is given a
/// fiber when a worker takes it.
class pool_engine final : public rt::work_source, public rt::fiber_host {
 public:
    pool_engine(thread_pool_options options, thread_pool* owner);
    ~pool_engine();
    pool_engine(const pool_engine&) = delete;
    pool_engine& operator=(const pool_engine&) = delete;

    /// The pool that hosts a fiber, null if that is something else.
    static pool_engine* of(const rt::fiber_task& f) noexcept { return dynamic_cast<pool_engine*>(&f.host()); }

    const thread_pool_options& options() const noexcept { return options_; }
    thread_pool* owner() const noexcept { return owner_; }
    helper_threads& helpers() noexcept { return helpers_; }
    unsigned workers() const noexcept { return static_cast<unsigned>(workers_.size()); }
    thread_pool_stats stats() const;

    /// Queues `w`, or gives it up and throws. @throws shutdown_error, broken_pool, cancelled
    void enqueue(work& w, int priority);
    /// As enqueue(); false, and `w` is given up, if there is no room.
    bool try_enqueue(work& w, int priority);
    void stop(shutdown_options how);
    /// Waits until the workers have ended, after stop({.wait = false}).
    bool wait_until_stopped(rt::deadline until) { return threads_.wait_until_over(until); }
    /// Whether they have, and where a coroutine that waits for it is parked.
    bool stopped() const noexcept { return threads_.over(); }
    const void* end() const noexcept { return threads_.end(); }
    /// After they have.
    void join() { threads_.join(); }

    // fiber_host
    void make_ready(rt::runnable& r) noexcept override;
    void add_timer(rt::timer& t, rt::clock::time_point when) override;
    void remove_timer(rt::timer& t) noexcept override { clock_.remove(t); }

    // work_source, called by the workers
    rt::runnable* take(rt::worker& w) noexcept override;
    void turns_to_own(rt::worker& w) noexcept override;
    idle prepare_sleep(rt::worker& w, rt::deadline& until) noexcept override;
    void end_sleep(rt::worker& w) noexcept override;

    // For the fibers.
    /// The next call that the worker's fiber may run without a change of fiber, null if none.
    rt::runnable* next_call(pool_worker& w) noexcept;
    /// Forks for a fiber that begins. @throws std::bad_alloc
    pool_forks& take_forks();
    void give_forks(pool_forks& f) noexcept;
    /// A fiber has nothing to do; it was last run by the calling worker. It may be gone then.
    void rests(pool_fiber& f) noexcept;
    /// Queues `r` behind what came from outside, and wakes a worker if that is needed. Any thread; what comes
    /// of `r` may end the pool.
    void put_back(rt::runnable& r) noexcept;
    /// Queues `r` for `w`, which is the calling worker.
    void push(pool_worker& w, rt::runnable& r) noexcept;
    /// The worker has something to run: if it looked for work, it does so no more.
    void found(pool_worker& w) noexcept;
    /// Suspends the calling fiber until a fork of its that was stolen is done.
    void wait_for(fork_slot& slot) noexcept { pool_fiber::current(*this)->wait_for(slot); }
    bool wants_waking() const noexcept { return idle_.wants_waking(); }
    std::size_t worker_count() const noexcept { return workers_.size(); }
    /// Suspends the calling fiber; it goes on after what is ready.
    void yield(rt::fiber_task& running) noexcept;
    /// There is work: wakes a worker if that is needed.
    void notify() noexcept {
        if (idle_.wants_waking()) wake_one();
    }

 private:
    // How the end of a pool comes. Under the lock of the sleepers.
    enum class phase { open, closing, stopped };

    void accept(work& w, int priority);
    [[noreturn]] void refuse();
    void close(std::exception_ptr broken);
    void break_by(const std::exception_ptr& error) noexcept;
    void withdraw(const std::exception_ptr& why) noexcept;
    void give_up(rt::runnable* r, const std::exception_ptr& why) noexcept;

    rt::runnable* find(pool_worker& w) noexcept;
    rt::runnable* find_any(pool_worker& w) noexcept;
    rt::runnable* take_batch(pool_worker& w) noexcept;
    std::chrono::nanoseconds looks_for(pool_worker& w) noexcept;
    rt::runnable* search(pool_worker& w) noexcept;
    rt::runnable* sweep(pool_worker& w, bool asking) noexcept;
    rt::runnable* steal_fork(pool_worker& w, pool_worker& from, bool asking) noexcept;
    rt::runnable* dispatch(pool_worker& w, rt::runnable& r) noexcept;
    pool_fiber* fiber_for(pool_worker& w);
    static void trim_spare(pool_worker& w) noexcept;
    void taken_from_queue(const rt::runnable& r) noexcept;
    static bool is_call(const rt::runnable& r) noexcept;

    void notify_patiently() noexcept;
    bool take_over_search() noexcept;
    void get_up(pool_worker& w) noexcept;
    bool any_work() const noexcept;
    bool any_offers(const pool_worker& but) const noexcept;
    bool untimed() const noexcept;
    void wake_one() noexcept;
    void wake_all() noexcept;
    bool all_done() const noexcept;

    const thread_pool_options options_;
    thread_pool* const owner_;
    injector injector_;
    pool_clock clock_;
    std::optional<semaphore> room_;  // for calls that no worker has taken, if that is bounded

    idle_count idle_;
    rt::word_lock lock_;                  // guards what follows, and `listed` and `searching` of who sleeps
    std::vector<pool_worker*> sleepers_;  // the last one is woken first: its caches are warm
    // The last that was woken to look for work, until it is up. Written under the lock.
    std::atomic<pool_worker*> getting_up_{nullptr};
    // The one that sleeps until the next timer is due. Written under the lock; seq_cst, see untimed().
    std::atomic<pool_worker*> timekeeper_{nullptr};
    std::atomic<std::uint64_t> wakes_{0};  // written under the lock
    phase phase_ = phase::open;
    std::size_t alive_ = 0;                           // workers that run
    std::vector<std::unique_ptr<pool_forks>> forks_;  // all
    pool_forks* free_forks_ = nullptr;

    helper_threads helpers_;  // for what blocks

    visitors visitors_;
    std::atomic<bool> closed_{false};  // the same for those inside, who need not be counted
    rt::word_lock closing_;            // guards the next
    std::exception_ptr broken_;

    std::vector<std::unique_ptr<pool_worker>> workers_;
    pool_threads threads_;
};

}  // namespace heddle::inline v0::detail
