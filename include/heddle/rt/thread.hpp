// SPDX-License-Identifier: BSL-1.0
#pragma once

// The one way in which heddle starts an operating-system thread. Users want heddle::thread_pool, or (later)
// heddle::thread, which have futures, names for people and a way to be asked to stop.

#include <heddle/rt/config.hpp>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

namespace heddle::inline v0::rt {

/// Gives the calling thread a name that debuggers and /proc show, cut to 15 bytes.
HEDDLE_API void set_thread_name(const std::string& name) noexcept;

/// A named thread that is joined at scope exit.
class os_thread {
 public:
    os_thread() noexcept = default;

    /// Starts a thread that runs `f()`. An exception that leaves `f` ends the program. @throws
    /// std::system_error
    template <class F>
    os_thread(std::string name, F f)
        : thread_([name = std::move(name), f = std::move(f)]() mutable {
              set_thread_name(name);
              f();
          }) {}

    os_thread(os_thread&&) noexcept = default;
    os_thread& operator=(os_thread&& other) noexcept {
        if (joinable()) join();
        thread_ = std::move(other.thread_);
        return *this;
    }
    ~os_thread() {
        if (joinable()) join();
    }

    bool joinable() const noexcept { return thread_.joinable(); }
    /// Waits for the thread to end. Blocks the calling thread.
    void join() { thread_.join(); }
    std::thread::native_handle_type native_handle() { return thread_.native_handle(); }

 private:
    std::thread thread_;
};

}  // namespace heddle::inline v0::rt
