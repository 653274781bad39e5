// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where a worker sleeps once files are registered with it: epoll, and an eventfd by which others wake it.
// Files are registered edge-triggered, once; what became ready is remembered in the file's readiness and
// wakes those parked there. To wait for a file from a plain thread use wait_ready(), which needs no poller.

#include <atomic>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <span>

namespace heddle::inline v0::rt {

class worker;

/// Which way a file is waited for.
enum class direction : std::uint8_t { read, write };

/// One registered file: what is ready, and where those wait who need it. Belongs to the worker that
/// registered it.
///
/// Protocol: forget(d), try the system call, and on EAGAIN wait until ready(d). The kernel reports an edge
/// only when something changes after the failed call, and the poller runs on the same thread, so no edge is
/// lost.
class readiness {
 public:
    explicit readiness(int fd) noexcept : fd_(fd) {}
    readiness(const readiness&) = delete;
    readiness& operator=(const readiness&) = delete;

    int fd() const noexcept { return fd_; }
    bool ready(direction d) const noexcept { return flag(d).load(std::memory_order_relaxed); }
    void forget(direction d) noexcept { flag(d).store(false, std::memory_order_relaxed); }
    /// The address under which waiters for `d` park.
    const void* address(direction d) const noexcept { return &flag(d); }
    /// The worker that it is registered with, null before.
    worker* home() const noexcept { return home_; }

 private:
    friend class poller;
    friend class worker;
    const std::atomic<bool>& flag(direction d) const noexcept {
        return d == direction::read ? read_ : write_;
    }
    std::atomic<bool>& flag(direction d) noexcept { return d == direction::read ? read_ : write_; }

    int fd_;
    // Written and read on the home worker's thread only; atomic because the parking lot's addresses are
    // looked at from everywhere.
    std::atomic<bool> read_{false};
    std::atomic<bool> write_{false};
    worker* home_ = nullptr;
    // The home worker's list of what it watches, so that a file may outlive it.
    readiness* next_ = nullptr;
    readiness* prev_ = nullptr;
};

/// An epoll instance with a way to wake it. One per worker, created when the worker first needs it.
class HEDDLE_API poller {
 public:
    /// @throws std::system_error
    poller();
    ~poller();
    poller(const poller&) = delete;
    poller& operator=(const poller&) = delete;

    /// Registers a file. @throws std::system_error
    void add(readiness& r);
    /// Forgets a file and wakes whoever waits for it, so that they see it closed.
    void remove(readiness& r) noexcept;
    /// Marks what is ready and wakes its waiters; sleeps until `until`, an event or wake() if nothing is.
    void wait(deadline until) noexcept;
    /// Ends the present or next wait(). Any thread.
    void wake() noexcept;
    /// Whether no file is registered.
    bool empty() const noexcept { return files_ == 0; }

 private:
    int epoll_;
    int event_;
    std::size_t files_ = 0;
};

/// Blocks the calling thread until `fd` is ready or hung up. @return false if the deadline passed first.
/// @throws std::system_error
HEDDLE_API bool wait_ready(int fd, direction d, deadline until = deadline::never());

/// Blocks the calling thread until one of `fds` can be read or is hung up. @return its index.
/// @throws std::system_error
HEDDLE_API std::size_t wait_any(std::span<const int> fds);

}  // namespace heddle::inline v0::rt
