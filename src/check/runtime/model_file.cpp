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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "cancellation.hpp"
#include "clocks.hpp"
#include "detector.hpp"
#include "model_file.hpp"
#include "model_signal.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<ssize_t(int, void*, size_t)> real_read("read");
HEDDLE_REAL real_function<ssize_t(int, const void*, size_t)> real_write("write");
HEDDLE_REAL real_function<ssize_t(int, const iovec*, int)> real_readv("readv");
HEDDLE_REAL real_function<ssize_t(int, const iovec*, int)> real_writev("writev");
HEDDLE_REAL real_function<ssize_t(int, void*, size_t, int)> real_recv("recv");
HEDDLE_REAL real_function<ssize_t(int, const void*, size_t, int)> real_send("send");
HEDDLE_REAL real_function<ssize_t(int, msghdr*, int)> real_recvmsg("recvmsg");
HEDDLE_REAL real_function<ssize_t(int, const msghdr*, int)> real_sendmsg("sendmsg");
HEDDLE_REAL real_function<ssize_t(int, void*, size_t, int, sockaddr*, socklen_t*)> real_recvfrom("recvfrom");
HEDDLE_REAL real_function<ssize_t(int, const void*, size_t, int, const sockaddr*, socklen_t)> real_sendto(
    "sendto");
HEDDLE_REAL real_function<int(int)> real_close("close");
HEDDLE_REAL real_function<int(int, const sockaddr*, socklen_t)> real_connect("connect");
HEDDLE_REAL real_function<int(int, sockaddr*, socklen_t*)> real_accept("accept");
HEDDLE_REAL real_function<int(int, sockaddr*, socklen_t*, int)> real_accept4("accept4");
HEDDLE_REAL real_function<int(pollfd*, nfds_t, int)> real_poll("poll");
HEDDLE_REAL real_function<int(int, epoll_event*, int, int)> real_epoll_wait("epoll_wait");
HEDDLE_REAL real_function<int(int, epoll_event*, int, int, const sigset_t*)> real_epoll_pwait("epoll_pwait");
HEDDLE_REAL real_function<int(int, epoll_event*, int, const timespec*, const sigset_t*)> real_epoll_pwait2(
    "epoll_pwait2");
HEDDLE_REAL real_function<int(pollfd*, nfds_t, const timespec*, const sigset_t*)> real_ppoll("ppoll");
HEDDLE_REAL real_function<int(int, fd_set*, fd_set*, fd_set*, timeval*)> real_select("select");
HEDDLE_REAL real_function<int(int, fd_set*, fd_set*, fd_set*, const timespec*, const sigset_t*)> real_pselect(
    "pselect");

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

bool wait_for_files(thread& me, pollfd* files, nfds_t n, interruption by, std::uint64_t deadline,
                    const void* pc) {
    const waited w{files, n};
    return wait_for_outside(me, &file_ready, &w, by, deadline, pc);
}

std::uint64_t after_milliseconds(int timeout) noexcept {
    return timeout < 0 ? never : virtual_after({timeout / 1000, timeout % 1000 * 1'000'000L});
}

std::uint64_t after(const timespec* timeout) noexcept {
    return timeout == nullptr ? never : virtual_after(*timeout);
}

// Objects of the model, for the detector: by inode, which both ends of a pipe have in common. Files that share
// one hide a race at worst.
constinit char places[256]{};

// @return null if the file is not one
const void* place_of(int fd, struct stat& about) noexcept {
    if (::fstat(fd, &about) != 0) return nullptr;
    return &places[S_ISSOCK(about.st_mode) ? 0 : 1 + about.st_ino % (sizeof places - 1)];
}

// What is read from a file on disk need not be what another thread has just written.
bool connects_threads(const struct stat& about) noexcept {
    return !S_ISREG(about.st_mode) && !S_ISCHR(about.st_mode) && !S_ISDIR(about.st_mode);
}

// For poll() and its kin, which a signal interrupts always, and which may block others meanwhile.
bool wait_until_ready(thread& me, pollfd* files, nfds_t n, std::uint64_t deadline, const sigset_t* mask,
                      const void* pc) {
    // With another mask it begins to wait and changes the mask in one step.
    if (mask == nullptr) begin_interruptible(me, pc);
    const signal_mask_meanwhile other(me, mask);
    return wait_for_files(me, files, n, interruption::always, deadline, pc);
}

// The sets of select() as poll() takes them.
struct file_sets {
    file_sets(int limit, const fd_set* in, const fd_set* out, const fd_set* except) noexcept {
        for (int fd = 0; fd < limit && fd < FD_SETSIZE; ++fd) {
            short events = 0;
            if (in != nullptr && FD_ISSET(fd, in)) events |= POLLIN;
            if (out != nullptr && FD_ISSET(fd, out)) events |= POLLOUT;
            if (except != nullptr && FD_ISSET(fd, except)) events |= POLLPRI;
            if (events != 0) files[n++] = {fd, events, 0};
        }
    }
    mutable pollfd files[FD_SETSIZE];
    nfds_t n = 0;
};

// With a socket that does not wait; that of a Unix socket whose listener has no room does not say when there
// is some.
int connect_without_waiting(thread& me, int fd, const sockaddr* to, socklen_t size, const void* pc) {
    const int flags = ::fcntl(fd, F_GETFL);
    const bool waits = flags >= 0 && (flags & O_NONBLOCK) == 0;
    for (;;) {
        take_turn(me, {.what = action::file_wait, .pc = pc});
        if (!waits) return real_connect(fd, to, size);
        ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
        int result = real_connect(fd, to, size);
        int error = errno;
        ::fcntl(fd, F_SETFL, flags);
        if (result != 0 && error == EAGAIN) {
            take_turn(me, {.what = action::yield, .writes = false, .yields = true, .pc = pc});
            continue;
        }
        if (result != 0 && error == EINPROGRESS) {
            pollfd file{fd, POLLOUT, 0};
            if (!wait_for_files(me, &file, 1, interruption::unless_restarted, never, pc)) return -1;
            socklen_t length = sizeof error;
            ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
            result = error == 0 ? 0 : -1;
        }
        errno = error;
        return result;
    }
}

}  // namespace

bool wait_for_outside(thread& me, ready_function ready, const void* what, interruption by,
                      std::uint64_t deadline, const void* pc) {
    leave_if_cancelled(me);
    const turn t = take_turn(me, {.what = action::file_wait,
                                  .writes = false,
                                  .yields = deadline != never,
                                  .cancellable = true,
                                  .interrupted_by_signals = by,
                                  .global = true,
                                  .pc = pc,
                                  .ready = ready,
                                  .deadline = deadline,
                                  .value = bits(what)});
    leave_if_cancelled(me);
    if (t == turn::interrupted) errno = EINTR;
    return t != turn::interrupted;
}

// Regular files are always ready, and files that do not wait are asked at once.
bool wait_for_file(thread& me, int fd, short events, bool never_waits, const void* pc) {
    pollfd file{fd, events, 0};
    const int flags = never_waits ? O_NONBLOCK : ::fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_NONBLOCK) != 0) {
        take_turn(me, {.what = action::file_wait, .global = true, .pc = pc});
    } else {
        begin_interruptible(me, pc);
        if (!wait_for_files(me, &file, 1, interruption::unless_restarted, never, pc)) return false;
    }
    struct stat about {};
    if (const void* const place = place_of(fd, about); place != nullptr && connects_threads(about)) {
        if (events == POLLIN)
            acquire(me, object_at(place));
        else
            release(me, object_at(place));
    }
    return true;
}

void note_sent(thread& me, int fd) noexcept {
    struct stat about {};
    if (const void* const place = place_of(fd, about)) release(me, object_at(place));
}

void note_received(thread& me, int fd) noexcept {
    struct stat about {};
    if (const void* const place = place_of(fd, about)) acquire(me, object_at(place));
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

#define HEDDLE_BEFORE(FD, EVENTS, NEVER_WAITS)                                                \
    if (thread* const me = controlled();                                                      \
        me != nullptr && !wait_for_file(*me, FD, EVENTS, NEVER_WAITS, HEDDLE_RETURN_ADDRESS)) \
    return -1

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

HEDDLE_INTERPOSED ssize_t recvfrom(int fd, void* out, size_t size, int flags, sockaddr* from,
                                   socklen_t* from_size) {
    HEDDLE_BEFORE(fd, POLLIN, (flags & MSG_DONTWAIT) != 0);
    return real_recvfrom(fd, out, size, flags, from, from_size);
}

HEDDLE_INTERPOSED ssize_t sendto(int fd, const void* data, size_t size, int flags, const sockaddr* to,
                                 socklen_t to_size) {
    HEDDLE_BEFORE(fd, POLLOUT, (flags & MSG_DONTWAIT) != 0);
    return real_sendto(fd, data, size, flags, to, to_size);
}

// Who reads to the end knows that it has been closed.
HEDDLE_INTERPOSED int close(int fd) {
    if (thread* const me = controlled()) note_sent(*me, fd);
    return real_close(fd);
}

HEDDLE_INTERPOSED int connect(int fd, const sockaddr* to, socklen_t size) {
    thread* const me = controlled();
    if (me != nullptr) note_sent(*me, fd);
    return me == nullptr ? real_connect(fd, to, size)
                         : connect_without_waiting(*me, fd, to, size, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int poll(pollfd* files, nfds_t n, int timeout) {
    thread* const me = controlled();
    if (me == nullptr) return real_poll(files, n, timeout);
    if (!wait_until_ready(*me, files, n, after_milliseconds(timeout), nullptr, HEDDLE_RETURN_ADDRESS))
        return -1;
    return real_poll(files, n, 0);
}

HEDDLE_INTERPOSED int ppoll(pollfd* files, nfds_t n, const timespec* timeout, const sigset_t* mask) {
    thread* const me = controlled();
    if (me == nullptr) return real_ppoll(files, n, timeout, mask);
    if (!wait_until_ready(*me, files, n, after(timeout), mask, HEDDLE_RETURN_ADDRESS)) return -1;
    return real_poll(files, n, 0);
}

// An epoll file is itself one that can be polled.
HEDDLE_INTERPOSED int epoll_wait(int fd, epoll_event* events, int limit, int timeout) {
    thread* const me = controlled();
    if (me == nullptr) return real_epoll_wait(fd, events, limit, timeout);
    pollfd file{fd, POLLIN, 0};
    if (!wait_until_ready(*me, &file, 1, after_milliseconds(timeout), nullptr, HEDDLE_RETURN_ADDRESS))
        return -1;
    return real_epoll_wait(fd, events, limit, 0);
}

HEDDLE_INTERPOSED int epoll_pwait(int fd, epoll_event* events, int limit, int timeout, const sigset_t* mask) {
    thread* const me = controlled();
    if (me == nullptr) return real_epoll_pwait(fd, events, limit, timeout, mask);
    pollfd file{fd, POLLIN, 0};
    if (!wait_until_ready(*me, &file, 1, after_milliseconds(timeout), mask, HEDDLE_RETURN_ADDRESS)) return -1;
    return real_epoll_wait(fd, events, limit, 0);
}

HEDDLE_INTERPOSED int epoll_pwait2(int fd, epoll_event* events, int limit, const timespec* timeout,
                                   const sigset_t* mask) {
    thread* const me = controlled();
    if (me == nullptr) return real_epoll_pwait2(fd, events, limit, timeout, mask);
    pollfd file{fd, POLLIN, 0};
    if (!wait_until_ready(*me, &file, 1, after(timeout), mask, HEDDLE_RETURN_ADDRESS)) return -1;
    return real_epoll_wait(fd, events, limit, 0);
}

HEDDLE_INTERPOSED int select(int n, fd_set* in, fd_set* out, fd_set* except, timeval* timeout) {
    thread* const me = controlled();
    if (me == nullptr) return real_select(n, in, out, except, timeout);
    const timespec t = timeout == nullptr ? timespec{} : timespec{timeout->tv_sec, timeout->tv_usec * 1000};
    const file_sets sets(n, in, out, except);
    if (!wait_until_ready(*me, sets.files, sets.n, after(timeout == nullptr ? nullptr : &t), nullptr,
                          HEDDLE_RETURN_ADDRESS))
        return -1;
    timeval at_once{0, 0};
    return real_select(n, in, out, except, &at_once);
}

HEDDLE_INTERPOSED int pselect(int n, fd_set* in, fd_set* out, fd_set* except, const timespec* timeout,
                              const sigset_t* mask) {
    thread* const me = controlled();
    if (me == nullptr) return real_pselect(n, in, out, except, timeout, mask);
    const file_sets sets(n, in, out, except);
    if (!wait_until_ready(*me, sets.files, sets.n, after(timeout), mask, HEDDLE_RETURN_ADDRESS)) return -1;
    timeval at_once{0, 0};
    return real_select(n, in, out, except, &at_once);
}
