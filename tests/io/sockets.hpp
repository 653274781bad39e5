// SPDX-License-Identifier: BSL-1.0
#pragma once

// Bytes, pairs of streams and a count of open files, for the tests of streams.

#include <dirent.h>
#include <sys/socket.h>
#include <array>
#include <cerrno>
#include <cstddef>
#include <heddle/io/byte_stream.hpp>
#include <heddle/io/tcp.hpp>
#include <heddle/rt/error.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sockets {

inline std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string text(std::span<const std::byte> b) {
    return {reinterpret_cast<const char*>(b.data()), b.size()};
}

/// Two connected streams.
inline std::pair<heddle::byte_stream, heddle::byte_stream> pair() {
    std::array<int, 2> fd{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd.data()) != 0)
        heddle::throw_system_error(errno, "cannot make a pair of sockets");
    return {heddle::byte_stream(heddle::unique_fd(fd[0])), heddle::byte_stream(heddle::unique_fd(fd[1]))};
}

/// Two streams connected over TCP.
inline std::pair<heddle::tcp_stream, heddle::tcp_stream> tcp_pair() {
    auto listener = heddle::tcp_listener::bind({"127.0.0.1", 0});
    auto client = heddle::tcp_stream::connect(listener.local());
    auto server = listener.accept();
    return {std::move(client), std::move(server)};
}

/// How many files this process has open.
inline std::size_t open_files() {
    DIR* const d = ::opendir("/proc/self/fd");
    std::size_t n = 0;
    while (::readdir(d) != nullptr) ++n;
    ::closedir(d);
    return n;
}

/// Makes the next close() of `stream` reset the connection.
inline void reset_on_close(const heddle::byte_stream& stream) {
    const linger now{1, 0};
    ::setsockopt(stream.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace sockets
