// SPDX-License-Identifier: BSL-1.0
#pragma once

// A worker: a thread's run loop over ready work, timers and files. There is one run loop in heddle: an event
// loop is one worker by itself, a thread pool is several that draw on a common source of work.

#include <atomic>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/fiber_host.hpp>
#include <heddle/rt/function_ref.hpp>
#include <heddle/rt/inbox.hpp>
#include <heddle/rt/poller.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/timer.hpp>
#include <memory>
#include <string>
#include <vector>

namespace heddle::inline v0::rt {

class worker;

/// Where a worker finds work beyond its own queue, and says that it is about to sleep.
class HEDDLE_API work_source {
 public:
    virtual ~work_source() = default;
    /// The next piece of shared work, null if there is none.
    virtual runnable* take(worker& w) noexcept = 0;
    /// `w` is about to run something that was posted to itself: it looks for shared work no more.
    virtual void turns_to_own(worker& w) noexcept = 0;

    enum class idle { sleep, work, stop };
    /// Registers `w` as idle; from then on new work must wake one idle worker. `work` if some has appeared
    /// already, `stop` if the worker should return from run(). It sleeps until `until` at the latest, which
    /// may be brought forward.
    virtual idle prepare_sleep(worker& w, deadline& until) noexcept = 0;
    /// Takes `w` off the idle list, if it is still on it.
    virtual void end_sleep(worker& w) noexcept = 0;
};

/// A run loop. run() makes the calling thread this worker until it returns.
///
/// Thread-safety: post() and wake() from any thread; everything else from the worker's own.
class HEDDLE_API worker : public fiber_host {
 public:
    explicit worker(std::string name = "worker");
    virtual ~worker();
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// The worker of the calling thread, null outside run(). Not inlined: a fiber may have changed threads.
    static worker* current() noexcept;

    /// The name it was made with.
    const std::string& name() const noexcept { return name_; }

    /// The source that run() was given, null outside run().
    work_source* source() const noexcept { return source_; }

    /// Runs ready work until `done()` says so or the source says stop; sleeps when there is nothing to do.
    /// @throws invalid_state if the calling thread is a running worker already.
    void run(work_source* source, function_ref<bool()> done);

    /// Makes `r` ready. Wakes the worker if it sleeps.
    void post(runnable& r) noexcept;
    /// Makes `r` ready to run after all that is ready now. The others run in the order of being posted as
    /// well, but that is a habit and no promise: under the checker they do not. From the worker's own thread.
    void post_last(runnable& r);
    /// Ends the worker's present or next sleep.
    void wake() noexcept;

    /// Fires `t` here when `when` has come, unless it is removed before. @throws std::bad_alloc
    void add_timer(timer& t, clock::time_point when) final { timers_.add(t, when); }
    /// Disarms `t` if it is armed.
    void remove_timer(timer& t) noexcept final { timers_.remove(t); }
    /// As post(): a fiber that this worker hosts goes on here.
    void make_ready(runnable& r) noexcept final { post(r); }
    /// Whether others have posted something that it has not taken yet.
    bool posted_to() const noexcept { return !inbox_.empty(); }

    /// Registers a file, creating the poller if it is the first. @throws std::system_error
    void watch(readiness& r);
    /// Forgets a file that watch() registered here. A worker that ends forgets all of them by itself.
    void unwatch(readiness& r) noexcept;

 private:
    enum : std::uint32_t { awake, asleep_on_futex, asleep_in_poller, notified };

    bool run_some(work_source* source, function_ref<bool()> done);
    runnable* pop_chosen() noexcept;
    void sleep(deadline until) noexcept;

    std::string name_;
    work_source* source_ = nullptr;
    runnable_queue ready_;
    std::vector<runnable*> last_;  // under the checker: those of ready_ that were posted to be last
    timer_heap timers_;
    std::unique_ptr<poller> poller_;
    readiness* watched_ = nullptr;  // newest first
    alignas(64) runnable_stack inbox_;
    std::atomic<std::uint32_t> state_{awake};
    std::atomic<std::uint32_t> posting_{0};  // threads inside post(); see there
};

}  // namespace heddle::inline v0::rt
