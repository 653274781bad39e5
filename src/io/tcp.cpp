// SPDX-License-Identifier: BSL-1.0
#include "socket_address.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <cerrno>
#include <heddle/io/tcp.hpp>
#include <heddle/rt/error.hpp>
#include <optional>
#include <string>

namespace heddle::inline v0 {

namespace {

unique_fd open_socket(int family) {
    unique_fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) throw_system_error(errno, "cannot open a TCP socket");
    return fd;
}

void no_delay(int fd) noexcept {
    const int on = 1;  // a request that waits for the acknowledgement of the one before costs 40 ms
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Starts connecting; true if it is done already.
bool start_connect(int fd, const endpoint& to, const socket_address& address) {
    no_delay(fd);
    if (::connect(fd, address.get(), address.length) == 0) return true;
    if (errno != EINPROGRESS && errno != EINTR)
        throw_system_error(errno, "cannot connect to " + to_string(to));
    return false;
}

// How a connection that was started has ended.
void finish_connect(int fd, const endpoint& to) {
    int failed = 0;
    socklen_t length = sizeof failed;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &length) != 0) failed = errno;
    if (failed != 0) throw_system_error(failed, "cannot connect to " + to_string(to));
}

// What getsockname() or getpeername() says.
endpoint address_of(int fd, int (*ask)(int, sockaddr*, socklen_t*), const char* whose) {
    socket_address a;
    int failed = ask(fd, a.get(), &a.length) != 0 ? errno : 0;
    if (failed == 0 && a.family() != AF_INET && a.family() != AF_INET6) failed = EAFNOSUPPORT;
    if (failed != 0)
        throw_system_error(failed, std::string("cannot read the address of a socket's ") + whose + " end");
    return to_endpoint(a);
}

[[noreturn]] void throw_connect_timeout(const endpoint& to) {
    throw timeout_error("cannot connect to " + to_string(to) + " in time");
}

}  // namespace

tcp_stream tcp_stream::connect(const endpoint& to, rt::deadline until) {
    const socket_address address = to_socket_address(to);
    unique_fd fd = open_socket(address.family());
    if (!start_connect(fd.get(), to, address)) {
        if (!rt::wait_ready(fd.get(), rt::direction::write, until)) throw_connect_timeout(to);
        finish_connect(fd.get(), to);
    }
    return tcp_stream(std::move(fd));
}

task<tcp_stream> tcp_stream::async_connect(endpoint to, rt::deadline until) {
    const socket_address address = to_socket_address(to);
    pollable file(open_socket(address.family()));
    if (!start_connect(file.fd(), to, address)) {
        bool late = false;
        try {
            co_await file.async_wait(rt::direction::write, until);
        } catch (const timeout_error&) {
            late = true;
        }
        if (late) throw_connect_timeout(to);
        finish_connect(file.fd(), to);
    }
    co_return tcp_stream(std::move(file));
}

tcp_listener tcp_listener::bind(const endpoint& at, int backlog) {
    const socket_address address = to_socket_address(at);
    unique_fd fd = open_socket(address.family());
    const int on = 1;  // a server that is restarted finds its port free
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd.get(), address.get(), address.length) != 0 || ::listen(fd.get(), backlog) != 0)
        throw_system_error(errno, "cannot listen at " + to_string(at));
    return tcp_listener(pollable(std::move(fd)));
}

endpoint tcp_listener::local() const {
    return address_of(file_.fd(), ::getsockname, "own");
}

endpoint tcp_stream::local() const {
    return address_of(fd(), ::getsockname, "own");
}

endpoint tcp_stream::peer() const {
    return address_of(fd(), ::getpeername, "other");
}

namespace {

std::optional<unique_fd> try_accept(pollable& file) {
    for (;;) {
        file.before_try(rt::direction::read);
        unique_fd fd(::accept4(file.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd) {
            no_delay(fd.get());
            return fd;
        }
        if (errno == EAGAIN) return std::nullopt;
        // ECONNABORTED: that client has gone again; the next may be there.
        if (errno != EINTR && errno != ECONNABORTED) throw_system_error(errno, "cannot accept a connection");
    }
}

}  // namespace

tcp_stream tcp_listener::accept(rt::deadline until) {
    for (;;) {
        if (auto fd = try_accept(file_)) return tcp_stream(std::move(*fd));
        file_.wait(rt::direction::read, until);
    }
}

task<tcp_stream> tcp_listener::async_accept(rt::deadline until) {
    for (;;) {
        if (auto fd = try_accept(file_)) co_return tcp_stream(std::move(*fd));
        co_await file_.async_wait(rt::direction::read, until);
    }
}

}  // namespace heddle::inline v0
