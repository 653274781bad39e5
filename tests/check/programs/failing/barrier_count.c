// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// The barrier is for three: two workers, and a main thread that arrives only if it finds both of them started.
#include <pthread.h>
#include <stddef.h>

static pthread_barrier_t barrier;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int started;

static void* work(void* unused) {
    pthread_mutex_lock(&lock);
    ++started;
    pthread_mutex_unlock(&lock);
    pthread_barrier_wait(&barrier);
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_barrier_init(&barrier, NULL, 3);
    pthread_create(&a, NULL, work, NULL);
    pthread_create(&b, NULL, work, NULL);
    pthread_mutex_lock(&lock);
    const int all = started == 2;
    pthread_mutex_unlock(&lock);
    if (all) pthread_barrier_wait(&barrier);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    pthread_barrier_destroy(&barrier);
    return 0;
}
