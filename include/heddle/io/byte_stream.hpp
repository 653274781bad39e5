// SPDX-License-Identifier: BSL-1.0
#pragma once

// A connected stream socket: bytes in order, both ways. tcp_stream adds how to connect; a socketpair or a
// Unix socket is used as it is. Each operation has a blocking form for threads and an async_ form for
// coroutines.

#include <cstddef>
#include <heddle/io/pollable.hpp>
#include <heddle/io/unique_fd.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/task/task.hpp>
#include <span>
#include <utility>

namespace heddle::inline v0 {

/// A connected stream socket. One reader and one writer at a time.
///
/// Cancellation and deadlines: what was transferred before stays transferred; a cancelled read loses nothing,
/// a cancelled write_all may have sent a part.
class HEDDLE_API byte_stream {
 public:
    byte_stream() noexcept = default;
    /// Takes over a connected socket. @throws std::system_error
    explicit byte_stream(unique_fd fd) : file_(std::move(fd)) {}

    /// Reads what there is, at least one byte, at most the buffer. @return how many; 0 is the end of the
    /// stream. Blocks: the thread. Throws: timeout_error after `until`; std::system_error.
    std::size_t read_some(std::span<std::byte> buffer, rt::deadline until = rt::deadline::never());
    /// As read_some(), in a coroutine, which it suspends. Throws also: cancelled; invalid_state on a foreign
    /// worker. So do the other async_ forms.
    task<std::size_t> async_read_some(std::span<std::byte> buffer,
                                      rt::deadline until = rt::deadline::never());

    /// Reads until the buffer is full. @return how many; less than asked only at the end of the stream.
    /// Blocks, Throws: as read_some(); what had been read by then is lost.
    std::size_t read_full(std::span<std::byte> buffer, rt::deadline until = rt::deadline::never());
    task<std::size_t> async_read_full(std::span<std::byte> buffer,
                                      rt::deadline until = rt::deadline::never());

    /// Writes everything. A peer that has gone is std::system_error (EPIPE), never a signal. Blocks, Throws:
    /// as read_some(); a part may have been sent then.
    void write_all(std::span<const std::byte> bytes, rt::deadline until = rt::deadline::never());
    task<void> async_write_all(std::span<const std::byte> bytes, rt::deadline until = rt::deadline::never());

    /// Says that nothing more will be written; the peer reads the end of the stream. @throws
    /// std::system_error
    void shutdown_write();
    /// Closes it; a coroutine that waits for it is resumed and sees the error.
    void close() noexcept { file_.close(); }
    /// The file descriptor, -1 if none; it stays the stream's.
    int fd() const noexcept { return file_.fd(); }
    explicit operator bool() const noexcept { return static_cast<bool>(file_); }

 protected:
    explicit byte_stream(pollable file) noexcept : file_(std::move(file)) {}

 private:
    pollable file_;
};

}  // namespace heddle::inline v0
