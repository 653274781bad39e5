// SPDX-License-Identifier: BSL-1.0
#pragma once

// Ownership of a file descriptor.

#include <unistd.h>
#include <utility>

namespace heddle::inline v0 {

/// Owns a file descriptor and closes it; -1 means none.
class unique_fd {
 public:
    unique_fd() noexcept = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    ~unique_fd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    /// Gives ownership away.
    int release() noexcept { return std::exchange(fd_, -1); }
    /// Closes what it owns and takes over `fd`.
    void reset(int fd = -1) noexcept {
        if (fd_ >= 0) ::close(fd_);
        fd_ = fd;
    }

 private:
    int fd_ = -1;
};

}  // namespace heddle::inline v0
