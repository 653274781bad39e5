// SPDX-License-Identifier: BSL-1.0
#pragma once

// A few things done at once by threads.

#include <functional>
#include <heddle/rt/error.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <thread>
#include <utility>
#include <vector>

namespace checked {

using bodies = std::vector<std::function<void()>>;

/// Each on a thread of its own; returns when all have ended.
inline void at_once(bodies work) {
    std::vector<std::thread> running;
    for (const auto& f : work) running.emplace_back(f);
    for (std::thread& t : running) t.join();
}

/// Returns when exactly `n` wait at `address`.
inline void until_parked(const void* address, std::size_t n) {
    while (heddle::rt::parking_lot::count(address) != n) std::this_thread::yield();
}
/// A thread that is a task which can be asked to stop. Joined at the end of the scope.
class stoppable_thread {
 public:
    template <class F>
    explicit stoppable_thread(F f)
        : thread_([this, f = std::move(f)] {
              const heddle::rt::task_scope scope(&task_);
              f();
          }) {}
    ~stoppable_thread() { join(); }
    void request_stop() { task_.request_stop(); }
    void join() {
        if (thread_.joinable()) thread_.join();
    }
    bool stop_pending() const { return task_.stop_pending(); }

 private:
    heddle::rt::task_context task_;
    std::thread thread_;
};

/// Whether `wait()` was ended by a request to stop.
template <class F> bool cancelled_in(F wait) {
    try {
        wait();
        return false;
    } catch (const heddle::cancelled&) {
        return true;
    }
}

}  // namespace checked
