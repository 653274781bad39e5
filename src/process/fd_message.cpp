// SPDX-License-Identifier: BSL-1.0
#include "fd_message.hpp"

#include <sys/socket.h>
#include <cerrno>
#include <cstring>

namespace heddle::inline v0 {

namespace {
union control_space {
    cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};
}  // namespace

bool send_message(int socket, const server_message& m, int fd) noexcept {
    iovec part{const_cast<server_message*>(&m), sizeof m};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    control_space control{};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control.bytes;
        cmsghdr* const c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    ssize_t n = 0;
    do n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == static_cast<ssize_t>(sizeof m);
}

received receive_message(int socket, server_message& m, unique_fd& fd) noexcept {
    iovec part{&m, sizeof m};
    control_space control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = &control;
    message.msg_controllen = sizeof control.bytes;
    ssize_t n = 0;
    do n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) return received::nothing;
    if (n != static_cast<ssize_t>(sizeof m)) return received::closed;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        int came = -1;
        std::memcpy(&came, CMSG_DATA(c), sizeof came);
        fd.reset(came);
    }
    return received::message;
}

}  // namespace heddle::inline v0
