// SPDX-License-Identifier: BSL-1.0
#include <cereal/cereal.hpp>
#include <heddle/heddle.hpp>

#include <poll.h>

void raw(int fd, poller& own) {
    syscall(SYS_futex, fd);
    ::poll(nullptr, 0, 0);
    own.poll(fd);
    epoll_wait(fd, nullptr, 0, 0);
    nanosleep(nullptr, nullptr);
    pthread_mutex_lock(nullptr);
    std::random_device seed;
}
