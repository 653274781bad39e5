// SPDX-License-Identifier: BSL-1.0
#pragma once

// A non-blocking file that can be waited for, from a thread and from a coroutine. What sockets are built on.

#include <heddle/io/unique_fd.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/poller.hpp>
#include <heddle/task/task.hpp>
#include <memory>

namespace heddle::inline v0 {

/// Owns a file descriptor, which it makes non-blocking. The first wait of a coroutine registers it with the
/// worker that the coroutine runs on; from then on it belongs to that worker, and is to be closed on it or
/// after its end.
class HEDDLE_API pollable {
 public:
    pollable() noexcept = default;
    /// @throws std::system_error
    explicit pollable(unique_fd fd);
    pollable(pollable&& other) noexcept = default;
    pollable& operator=(pollable&& other) noexcept;
    ~pollable();

    int fd() const noexcept { return fd_.get(); }
    explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
    /// Closes it; a coroutine that waits for it is resumed and sees the error.
    void close() noexcept;

    /// To be called before the system call whose EAGAIN is then waited for; see rt::readiness.
    void before_try(rt::direction d) noexcept {
        if (readiness_) readiness_->forget(d);
    }
    /// Blocks the thread until ready. @throws timeout_error, std::system_error
    void wait(rt::direction d, rt::deadline until);
    /// Suspends the coroutine until ready. Throws: timeout_error; cancelled; invalid_state on a foreign
    /// worker.
    task<void> async_wait(rt::direction d, rt::deadline until);

 private:
    unique_fd fd_;
    std::unique_ptr<rt::readiness> readiness_;
};

}  // namespace heddle::inline v0
