// SPDX-License-Identifier: BSL-1.0
// options: --baton --schedules 20
// Locks of records in a file, which one thread waits for inside the kernel while the other holds them: the others go on.
#define _GNU_SOURCE
#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static char name[32];
static _Atomic int inside;

static void* take(void* unused) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = open(name, O_RDWR);
    assert(fd >= 0 && fcntl(fd, F_OFD_SETLKW, &lock) == 0);
    assert(++inside == 1);
    sched_yield();
    --inside;
    close(fd);
    return unused;
}

int main(void) {
    pthread_t threads[2];
    snprintf(name, sizeof name, "/proc/self/fd/%d", memfd_create("lock", 0));
    for (int i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, take, NULL);
    for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
    return 0;
}
