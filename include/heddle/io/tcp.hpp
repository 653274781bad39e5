// SPDX-License-Identifier: BSL-1.0
#pragma once

// TCP: a listener that accepts, a stream that connects. Reading and writing are byte_stream's.

#include <heddle/io/byte_stream.hpp>
#include <heddle/io/endpoint.hpp>
#include <heddle/io/pollable.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/task/task.hpp>

namespace heddle::inline v0 {

/// A TCP connection, with Nagle's delay switched off.
class HEDDLE_API tcp_stream : public byte_stream {
 public:
    using byte_stream::byte_stream;

    /// Connects to `to`. Blocks: the thread. Throws: std::system_error that names it; timeout_error;
    /// cancelled (async only).
    static tcp_stream connect(const endpoint& to, rt::deadline until = rt::deadline::never());
    static task<tcp_stream> async_connect(endpoint to, rt::deadline until = rt::deadline::never());

    /// This end of the connection. Throws: std::system_error if it is closed, or not of TCP.
    endpoint local() const;
    /// The other end. Throws: std::system_error if it is closed, not of TCP, or was reset.
    endpoint peer() const;

 private:
    explicit tcp_stream(pollable file) noexcept : byte_stream(std::move(file)) {}
};

/// A TCP socket that accepts connections.
class HEDDLE_API tcp_listener {
 public:
    /// Listens at `at`; port 0 lets the system choose. Throws: std::system_error that names it.
    static tcp_listener bind(const endpoint& at, int backlog = 1024);

    /// Where it listens. Throws: std::system_error if it is closed.
    endpoint local() const;

    /// The next connection. Blocks: the thread. Throws: timeout_error, std::system_error; cancelled (async
    /// only; nothing is lost).
    tcp_stream accept(rt::deadline until = rt::deadline::never());
    task<tcp_stream> async_accept(rt::deadline until = rt::deadline::never());

    void close() noexcept { file_.close(); }
    int fd() const noexcept { return file_.fd(); }

 private:
    explicit tcp_listener(pollable file) noexcept : file_(std::move(file)) {}
    pollable file_;
};

}  // namespace heddle::inline v0
