// SPDX-License-Identifier: BSL-1.0
#pragma once

// A part of a task that stays on its thread. For code that carries across a wait what belongs to the thread:
// a std::mutex that it holds, the address of a thread_local, a library that remembers its thread.

#include <heddle/rt/fiber_task.hpp>

namespace heddle::inline v0 {

/// Until the end of the scope the calling task goes on on the thread that it is on, also after waits. They
/// may be nested. In a thread, or a coroutine of an event loop, which never change threads, it does nothing.
///
/// The price: the task waits for that worker, also while others are free. Thread-safety: it begins and ends
/// in the same task.
class pinned {
 public:
    pinned() noexcept : fiber_(rt::fiber_task::current()) {
        if (fiber_ != nullptr) fiber_->pin();
    }
    ~pinned() {
        if (fiber_ != nullptr) fiber_->unpin();
    }
    pinned(const pinned&) = delete;
    pinned& operator=(const pinned&) = delete;

 private:
    rt::fiber_task* fiber_;
};

}  // namespace heddle::inline v0
