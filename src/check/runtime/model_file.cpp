// SPDX-License-Identifier: BSL-1.0
// Calls that wait for files. They are made for real, once it is known that they will not wait: until then the
// thread is one that cannot go on, and the others run. So threads that talk through a pipe or a socket are
// controlled.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "cancellation.hpp"
#include "clocks.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

constinit real_function<ssize_t(int, void*, size_t)> real_read("read");
constinit real_function<ssize_t(int, const void*, size_t)> real_write("write");
constinit real_function<ssize_t(int, const iovec*, int)> real_readv("readv");
constinit real_function<ssize_t(int, const iovec*, int)> real_writev("writev");
constinit real_function<ssize_t(int, void*, size_t, int)> real_recv("recv");
constinit real_function<ssize_t(int, const void*, size_t, int)> real_send("send");
constinit real_function<ssize_t(int, msghdr*, int)> real_recvmsg("recvmsg");
constinit real_function<ssize_t(int, const msghdr*, int)> real_sendmsg("sendmsg");
constinit real_function<int(int, sockaddr*, socklen_t*)> real_accept("accept");
constinit real_function<int(int, sockaddr*, socklen_t*, int)> real_accept4("accept4");
constinit real_function<int(pollfd*, nfds_t, int)> real_poll("poll");
constinit real_function<int(int, epoll_event*, int, int)> real_epoll_wait("epoll_wait");
constinit real_function<int(int, epoll_event*, int, int, const sigset_t*)> real_epoll_pwait("epoll_pwait");
constinit real_function<int(int, fd_set*, fd_set*, fd_set*, timeval*)> real_select("select");

bool ready_now(pollfd* files, nfds_t n) noexcept {
    return system_call(SYS_poll, reinterpret_cast<long>(files), static_cast<long>(n), 0) > 0;
}

// What a thread waits for is on its stack while it waits.
struct waited {
    pollfd* files;
    nfds_t n;
};

const waited& of(const thread& t) noexcept {
    return *reinterpret_cast<const waited*>(t.pending.value);
}

bool file_ready(const thread& t) noexcept {
    return ready_now(of(t).files, of(t).n);
}

turn wait_for_files(thread& me, pollfd* files, nfds_t n, std::uint64_t deadline, const void* pc) {
    const waited w{files, n};
    leave_if_cancelled(me);
    const turn t = take_turn(me, {.what = action::file_wait,
                                  .writes = false,
                                  .yields = deadline != never,
                                  .cancellable = true,
                                  .pc = pc,
                                  .ready = &file_ready,
                                  .deadline = deadline,
                                  .value = bits(&w)});
    leave_if_cancelled(me);
    return t;
}

// Before a call on one file that waits: regular files are always ready, and files that do not wait are asked
// at once.
void wait_for(thread& me, int fd, short events, bool never_waits, const void* pc) {
    pollfd file{fd, events, 0};
    const int flags = never_waits ? O_NONBLOCK : ::fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_NONBLOCK) != 0) {
        take_turn(me, {.what = action::file_wait, .pc = pc});
        return;
    }
    wait_for_files(me, &file, 1, never, pc);
}

std::uint64_t after_milliseconds(int timeout) noexcept {
    return timeout < 0 ? never : virtual_after({timeout / 1000, timeout % 1000 * 1'000'000L});
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

#define HEDDLE_BEFORE(FD, EVENTS, NEVER_WAITS) \
    if (thread* const me = controlled()) wait_for(*me, FD, EVENTS, NEVER_WAITS, HEDDLE_RETURN_ADDRESS)

HEDDLE_INTERPOSED ssize_t read(int fd, void* out, size_t size) {
    HEDDLE_BEFORE(fd, POLLIN, false);
    return real_read(fd, out, size);
}

HEDDLE_INTERPOSED ssize_t write(int fd, const void* from, size_t size) {
    HEDDLE_BEFORE(fd, POLLOUT, false);
    return real_write(fd, from, size);
}

HEDDLE_INTERPOSED ssize_t readv(int fd, const iovec* parts, int n) {
    HEDDLE_BEFORE(fd, POLLIN, false);
    return real_readv(fd, parts, n);
}

HEDDLE_INTERPOSED ssize_t writev(int fd, const iovec* parts, int n) {
    HEDDLE_BEFORE(fd, POLLOUT, false);
    return real_writev(fd, parts, n);
}

HEDDLE_INTERPOSED ssize_t recv(int fd, void* out, size_t size, int flags) {
    HEDDLE_BEFORE(fd, POLLIN, (flags & MSG_DONTWAIT) != 0);
    return real_recv(fd, out, size, flags);
}

HEDDLE_INTERPOSED ssize_t send(int fd, const void* from, size_t size, int flags) {
    HEDDLE_BEFORE(fd, POLLOUT, (flags & MSG_DONTWAIT) != 0);
    return real_send(fd, from, size, flags);
}

HEDDLE_INTERPOSED ssize_t recvmsg(int fd, msghdr* message, int flags) {
    HEDDLE_BEFORE(fd, POLLIN, (flags & MSG_DONTWAIT) != 0);
    return real_recvmsg(fd, message, flags);
}

HEDDLE_INTERPOSED ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    HEDDLE_BEFORE(fd, POLLOUT, (flags & MSG_DONTWAIT) != 0);
    return real_sendmsg(fd, message, flags);
}

HEDDLE_INTERPOSED int accept(int fd, sockaddr* address, socklen_t* size) {
    HEDDLE_BEFORE(fd, POLLIN, false);
    return real_accept(fd, address, size);
}

HEDDLE_INTERPOSED int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
    HEDDLE_BEFORE(fd, POLLIN, false);
    return real_accept4(fd, address, size, flags);
}

HEDDLE_INTERPOSED int poll(pollfd* files, nfds_t n, int timeout) {
    thread* const me = controlled();
    if (me == nullptr) return real_poll(files, n, timeout);
    wait_for_files(*me, files, n, after_milliseconds(timeout), HEDDLE_RETURN_ADDRESS);
    return real_poll(files, n, 0);
}

HEDDLE_INTERPOSED int epoll_wait(int fd, epoll_event* events, int limit, int timeout) {
    thread* const me = controlled();
    if (me == nullptr) return real_epoll_wait(fd, events, limit, timeout);
    // An epoll file is itself one that can be polled.
    pollfd file{fd, POLLIN, 0};
    wait_for_files(*me, &file, 1, after_milliseconds(timeout), HEDDLE_RETURN_ADDRESS);
    return real_epoll_wait(fd, events, limit, 0);
}

HEDDLE_INTERPOSED int epoll_pwait(int fd, epoll_event* events, int limit, int timeout,
                                  const sigset_t* signals) {
    thread* const me = controlled();
    if (me == nullptr) return real_epoll_pwait(fd, events, limit, timeout, signals);
    pollfd file{fd, POLLIN, 0};
    wait_for_files(*me, &file, 1, after_milliseconds(timeout), HEDDLE_RETURN_ADDRESS);
    return real_epoll_pwait(fd, events, limit, 0, signals);
}

HEDDLE_INTERPOSED int select(int n, fd_set* in, fd_set* out, fd_set* except, timeval* timeout) {
    thread* const me = controlled();
    if (me == nullptr) return real_select(n, in, out, except, timeout);
    pollfd files[FD_SETSIZE];
    nfds_t count = 0;
    for (int fd = 0; fd < n && fd < FD_SETSIZE; ++fd) {
        short events = 0;
        if (in != nullptr && FD_ISSET(fd, in)) events |= POLLIN;
        if (out != nullptr && FD_ISSET(fd, out)) events |= POLLOUT;
        if (except != nullptr && FD_ISSET(fd, except)) events |= POLLPRI;
        if (events != 0) files[count++] = {fd, events, 0};
    }
    const std::uint64_t deadline =
        timeout == nullptr ? never : virtual_after({timeout->tv_sec, timeout->tv_usec * 1000});
    wait_for_files(*me, files, count, deadline, HEDDLE_RETURN_ADDRESS);
    timeval at_once{0, 0};
    return real_select(n, in, out, except, &at_once);
}
