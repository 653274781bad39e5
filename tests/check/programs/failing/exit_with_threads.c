// SPDX-License-Identifier: BSL-1.0
// expects: threads left running
// options: --threads-left
// The program ends without joining the thread that it started.
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int lines;

static void* write_log(void* unused) {
    pthread_mutex_lock(&lock);
    ++lines;
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(void) {
    pthread_t logger;
    pthread_create(&logger, NULL, write_log, NULL);
    pthread_mutex_lock(&lock);
    ++lines;
    pthread_mutex_unlock(&lock);
    return 0;
}
