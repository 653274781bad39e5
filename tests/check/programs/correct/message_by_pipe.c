// SPDX-License-Identifier: BSL-1.0
// What a thread writes before it sends is there for who has received: by a pipe, a socket, an event file, the end of a
// pipe, and the lock of a file. No race, although the threads use nothing else.
#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2], sockets[2], event, closed[2], total;
static int by_pipe, by_socket, by_event, by_end;

static int add_locked(int n) {
    int fd = open("/proc/self/exe", O_RDONLY);
    assert(flock(fd, LOCK_EX) == 0);
    total += n;
    const int result = total;
    close(fd);
    return result;
}

static void* send_all(void* unused) {
    uint64_t one = 1;
    by_pipe = 1;
    assert(write(ends[1], "x", 1) == 1);
    by_socket = 2;
    assert(send(sockets[1], "x", 1, 0) == 1);
    by_event = 3;
    assert(write(event, &one, sizeof one) == sizeof one);
    add_locked(1);
    by_end = 4;
    close(closed[1]);
    return unused;
}

int main(void) {
    assert(pipe(ends) == 0 && pipe(closed) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    event = eventfd(0, 0);
    pthread_t sender;
    pthread_create(&sender, NULL, send_all, NULL);

    char c;
    uint64_t n;
    assert(read(ends[0], &c, 1) == 1 && by_pipe == 1);
    assert(recv(sockets[0], &c, 1, 0) == 1 && by_socket == 2);
    assert(read(event, &n, sizeof n) == sizeof n && by_event == 3);
    assert(add_locked(2) >= 2);
    FILE* in = fdopen(closed[0], "r");
    assert(fgetc(in) == EOF && by_end == 4);
    return pthread_join(sender, NULL);
}
