// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// options: --hang-after 1
// Two threads take the locks of two files in opposite orders.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

static char files[2][32];

static void* lock_both(void* first) {
    int begin = first != NULL;
    int one = open(files[begin], O_RDONLY), two = open(files[!begin], O_RDONLY);
    flock(one, LOCK_EX);
    flock(two, LOCK_EX);
    close(two);
    close(one);
    return NULL;
}

int main(void) {
    pthread_t other;
    for (int i = 0; i < 2; ++i) snprintf(files[i], sizeof files[i], "/proc/self/fd/%d", memfd_create("lock", 0));
    pthread_create(&other, NULL, lock_both, NULL);
    lock_both(&other);
    return pthread_join(other, NULL);
}
