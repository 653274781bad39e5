// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is inside a policy_pool: its workers, its tasks, and the policy that is told of everything.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <heddle/rt/fiber_host.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/rt/worker.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/policy_pool.hpp>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>
#include "pool_clock.hpp"
#include "pool_threads.hpp"

namespace heddle::inline v0::detail {

class policy_fiber;

/// A task's way: new, it has a call and no fiber; ready, the policy knows it and a worker may pick it;
/// running, it is the one of a worker; waiting, only what it waits for knows of it. That it waits is told to
/// the policy by whoever notices first: the worker, when it turns to something else, or who makes it ready
/// again. One that is pinned is picked by any worker, and goes on on its own.
class policy_engine final : public rt::work_source, public rt::fiber_host {
 public:
    policy_engine(policy::any_policy rule, policy_pool_options options);
    ~policy_engine();
    policy_engine(const policy_engine&) = delete;
    policy_engine& operator=(const policy_engine&) = delete;

    /// The engine that hosts a fiber, null if that is something else.
    static policy_engine* of(const rt::fiber_task& f) noexcept {
        return dynamic_cast<policy_engine*>(&f.host());
    }

    const policy_pool_options& options() const noexcept { return options_; }
    unsigned workers() const noexcept { return static_cast<unsigned>(workers_.size()); }
    std::vector<schedule_event> trace() const;
    /// Queues `w`, or gives it up and throws. @throws shutdown_error, broken_pool, cancelled, std::bad_alloc
    void enqueue(work& w, const task_options& how);
    /// As enqueue(); false, and `w` is given up, if there is no room.
    bool try_enqueue(work& w);
    void stop(shutdown_options how);
    /// Waits until the workers have ended, after stop({.wait = false}).
    bool wait_until_stopped(rt::deadline until) { return threads_.wait_until_over(until); }
    /// Whether they have, and where a coroutine that waits for it is parked.
    bool stopped() const noexcept { return threads_.over(); }
    const void* end() const noexcept { return threads_.end(); }
    /// Joins the threads, which have ended.
    void join() { threads_.join(); }
    /// Until as many calls of release() no task is picked.
    void hold() noexcept;
    void release() noexcept;

    // For the task that runs.
    /// It lets go of its worker, to go on when it is picked again; with `only_if_due` only if its slice is
    /// over or another is to displace it.
    void yield(rt::fiber_task& running, bool only_if_due) noexcept;
    /// The calling worker goes on with `f`.
    void entered(const policy_fiber& f) noexcept;
    /// The call of the fiber that runs has ended; the fiber goes to rest.
    void finished(policy_fiber& f) noexcept;
    void rests(policy_fiber& f) noexcept;

    // fiber_host
    void make_ready(rt::runnable& r) noexcept override;
    void add_timer(rt::timer& t, rt::clock::time_point when) override;
    void remove_timer(rt::timer& t) noexcept override { clock_.remove(t); }

    // work_source, called by the workers
    rt::runnable* take(rt::worker& w) noexcept override;
    void turns_to_own(rt::worker&) noexcept override {}
    idle prepare_sleep(rt::worker& w, rt::deadline& until) noexcept override;
    void end_sleep(rt::worker& w) noexcept override;

 private:
    struct member;
    /// One that is alive.
    struct entry {
        policy::task_info<> info;
        work* call = nullptr;           // until it begins
        policy_fiber* fiber = nullptr;  // from then on
        member* on = nullptr;           // the worker whose one it is
        rt::clock::time_point picked{};
    };
    using tasks = std::unordered_map<std::uint64_t, entry>;
    struct member final : rt::worker {
        member(std::string name, unsigned n) : worker(std::move(name)), number(n) {}
        const unsigned number;
        std::uint64_t running = 0;  // the task that it went on with and that has not stopped; 0 if none
        bool asleep = false;
    };

    policy::time in_policy(rt::clock::time_point t) const noexcept { return policy::time(t - began_); }
    void arrive(std::uint64_t id, entry& e, rt::clock::time_point now);
    void stopped(std::uint64_t id, entry& e, policy::stop_reason why, rt::clock::time_point now) noexcept;
    void stopped_by_itself(member& w, rt::clock::time_point now) noexcept;
    void note(schedule_event::kind what, std::uint64_t id, rt::clock::time_point now, unsigned worker = 0,
              policy::stop_reason why = {});
    bool stop_is_due(std::uint64_t id, const entry& e, policy::stop_reason& why) const;
    rt::runnable& step_of(std::uint64_t id, entry& e);
    void end(std::uint64_t id, entry& e, rt::clock::time_point now) noexcept;
    void wake_one() noexcept;  // if it may pick
    void wake_all() noexcept;
    void accept(work& w, const task_options& how);
    std::vector<work*> take_pending();
    void withdraw(const std::vector<work*>& all, const std::exception_ptr& why) noexcept;
    void break_by(const std::exception_ptr& error) noexcept;

    const policy_pool_options options_;
    const rt::clock::time_point began_ = rt::clock::now();
    pool_clock clock_;
    // For calls that no worker has taken, if that is bounded. Used without the lock: who waits may be a task
    // here.
    std::optional<semaphore> room_;

    mutable rt::word_lock lock_;  // guards the rest, but for the threads
    policy::any_policy rule_;
    tasks alive_;
    std::uint64_t last_id_ = 0;
    std::size_t ready_ = 0;  // tasks that the policy may pick
    unsigned held_ = 0;
    bool closed_ = false;
    std::exception_ptr broken_;
    std::vector<policy_fiber*> spare_;  // fibers at rest
    std::vector<schedule_event> trace_;

    std::vector<std::unique_ptr<member>> workers_;
    pool_threads threads_;
};

/// A fiber that runs one call after the other.
class policy_fiber final : public rt::fiber_task {
 public:
    /// @throws std::system_error
    explicit policy_fiber(policy_engine& engine);
    /// The step that runs `call` on it; it must be at rest.
    rt::runnable& begin(std::uint64_t id, rt::runnable& call) noexcept {
        id_ = id;
        call_ = &call;
        return step();
    }
    /// Lets body() return, and so deletes it. It must be at rest.
    void finish() noexcept {
        call_ = nullptr;
        step().run();
    }
    /// Gives back the memory that tasks on it have used beyond a little. It must be at rest.
    void trim() noexcept { trim_stack(); }
    /// The task whose call it runs.
    std::uint64_t id() const noexcept { return id_; }
    rt::runnable& going_on() noexcept { return step(); }
    /// Of a step that it has made.
    static policy_fiber& of(rt::runnable& r) noexcept { return static_cast<policy_fiber&>(of_step(r)); }

 private:
    void body() override;
    void entering() noexcept override;
    void ended() noexcept override { delete this; }

    policy_engine& engine_;
    std::uint64_t id_ = 0;
    rt::runnable* call_ = nullptr;
};

}  // namespace heddle::inline v0::detail
