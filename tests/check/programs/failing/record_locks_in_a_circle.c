// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// options: --baton --hang-after 1
// Two threads lock two records in opposite orders. They wait inside the kernel, where only their sleeping is seen.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static char name[32];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void lock_record(int fd, int at) {
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    fcntl(fd, F_OFD_SETLKW, &l);
}

static void* take_both(void* first) {
    const int fd = open(name, O_RDWR), at = first != NULL;
    lock_record(fd, at);
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    lock_record(fd, !at);
    close(fd);
    return NULL;
}

int main(void) {
    pthread_t other;
    snprintf(name, sizeof name, "/proc/self/fd/%d", memfd_create("lock", 0));
    pthread_create(&other, NULL, take_both, NULL);
    take_both(name);
    pthread_join(other, NULL);
    return 0;
}
