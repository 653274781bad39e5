// SPDX-License-Identifier: BSL-1.0
#pragma once

// Who runs fibers: it is told when a suspended one can go on, and keeps its time. A worker runs its fibers
// itself; a pool lets whichever of its workers is free go on with one.

#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/timer.hpp>

namespace heddle::inline v0::rt {

/// What a fiber_task asks of those who run it.
class HEDDLE_API fiber_host {
 public:
    /// `r` can go on: it is to be run once, by a worker of this host; a fiber that is pinned, by the one on which it
    /// stopped. Any thread.
    virtual void make_ready(runnable& r) noexcept = 0;
    /// Fires `t` when `when` has come, on a worker of this host, unless it is taken back before. It may fire
    /// before the call returns, on another thread. Called by a fiber of this host. @throws std::bad_alloc
    virtual void add_timer(timer& t, clock::time_point when) = 0;
    /// Takes `t` back; when it returns, `t` does not fire any more and is not firing.
    virtual void remove_timer(timer& t) noexcept = 0;

 protected:
    ~fiber_host() = default;
};

}  // namespace heddle::inline v0::rt
