// SPDX-License-Identifier: BSL-1.0
#include <sys/socket.h>
#include <cerrno>
#include <heddle/io/byte_stream.hpp>
#include <heddle/rt/error.hpp>
#include <optional>

namespace heddle::inline v0 {

namespace {

// One try; nothing if it would block.
std::optional<std::size_t> try_read(pollable& file, std::span<std::byte> buffer) {
    for (;;) {
        file.before_try(rt::direction::read);
        const auto n = ::recv(file.fd(), buffer.data(), buffer.size(), 0);
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno == EAGAIN) return std::nullopt;
        if (errno != EINTR) throw_system_error(errno, "cannot read from a socket");
    }
}

std::optional<std::size_t> try_write(pollable& file, std::span<const std::byte> bytes) {
    for (;;) {
        file.before_try(rt::direction::write);
        const auto n = ::send(file.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno == EAGAIN) return std::nullopt;
        if (errno != EINTR) throw_system_error(errno, "cannot write to a socket");
    }
}

}  // namespace

std::size_t byte_stream::read_some(std::span<std::byte> buffer, rt::deadline until) {
    for (;;) {
        if (const auto n = try_read(file_, buffer)) return *n;
        file_.wait(rt::direction::read, until);
    }
}

task<std::size_t> byte_stream::async_read_some(std::span<std::byte> buffer, rt::deadline until) {
    for (;;) {
        if (const auto n = try_read(file_, buffer)) co_return *n;
        co_await file_.async_wait(rt::direction::read, until);
    }
}

std::size_t byte_stream::read_full(std::span<std::byte> buffer, rt::deadline until) {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const std::size_t n = read_some(buffer.subspan(done), until);
        if (n == 0) break;
        done += n;
    }
    return done;
}

task<std::size_t> byte_stream::async_read_full(std::span<std::byte> buffer, rt::deadline until) {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const std::size_t n = co_await async_read_some(buffer.subspan(done), until);
        if (n == 0) break;
        done += n;
    }
    co_return done;
}

void byte_stream::write_all(std::span<const std::byte> bytes, rt::deadline until) {
    while (!bytes.empty()) {
        if (const auto n = try_write(file_, bytes))
            bytes = bytes.subspan(*n);
        else
            file_.wait(rt::direction::write, until);
    }
}

task<void> byte_stream::async_write_all(std::span<const std::byte> bytes, rt::deadline until) {
    while (!bytes.empty()) {
        if (const auto n = try_write(file_, bytes))
            bytes = bytes.subspan(*n);
        else
            co_await file_.async_wait(rt::direction::write, until);
    }
}

void byte_stream::shutdown_write() {
    if (::shutdown(file_.fd(), SHUT_WR) != 0)
        throw_system_error(errno, "cannot shut down a socket for writing");
}

}  // namespace heddle::inline v0
