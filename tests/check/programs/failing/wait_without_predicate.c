// SPDX-License-Identifier: BSL-1.0
// expects: lost wake-up
// Nothing but the signal says that it happened; if it comes before the wait, nobody hears it.
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t started = PTHREAD_COND_INITIALIZER;

static void* start(void* unused) {
    pthread_mutex_lock(&lock);
    pthread_cond_signal(&started);
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(void) {
    pthread_t t;
    pthread_create(&t, NULL, start, NULL);
    pthread_mutex_lock(&lock);
    pthread_cond_wait(&started, &lock);
    pthread_mutex_unlock(&lock);
    pthread_join(t, NULL);
    return 0;
}
