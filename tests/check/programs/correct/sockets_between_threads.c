// SPDX-License-Identifier: BSL-1.0
// A client and a server in one process: connect, accept, ppoll, sendto and recvfrom, each of which may have
// to wait for the other thread.
#define _GNU_SOURCE
#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_un address;
static socklen_t address_size = sizeof address;

static void* serve(void* p) {
    char text[8] = "";
    const int peer = accept(*(int*)p, NULL, NULL);
    const int poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(poller, EPOLL_CTL_ADD, peer, &event);
    assert(epoll_pwait(poller, &event, 1, -1, NULL) == 1);
    assert(recvfrom(peer, text, sizeof text, 0, NULL, NULL) == 4);
    assert(sendto(peer, text, 4, 0, NULL, 0) == 4);
    close(poller);
    close(peer);
    return NULL;
}

int main(void) {
    pthread_t server;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    address.sun_family = AF_UNIX;
    // A name that the system chooses.
    assert(bind(listener, (struct sockaddr*)&address, sizeof(sa_family_t)) == 0 && listen(listener, 1) == 0);
    assert(getsockname(listener, (struct sockaddr*)&address, &address_size) == 0);
    pthread_create(&server, NULL, serve, &listener);

    const int mine = socket(AF_UNIX, SOCK_STREAM, 0);
    assert(connect(mine, (struct sockaddr*)&address, address_size) == 0);
    assert(sendto(mine, "ping", 4, 0, NULL, 0) == 4);
    struct pollfd file = {mine, POLLIN, 0};
    const struct timespec minute = {60, 0};
    assert(ppoll(&file, 1, &minute, NULL) == 1);
    char text[8] = "";
    assert(recvfrom(mine, text, sizeof text, 0, NULL, NULL) == 4 && strcmp(text, "ping") == 0);
    pthread_join(server, NULL);
    return 0;
}
