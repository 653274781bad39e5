// SPDX-License-Identifier: BSL-1.0
// expects: misuse
// The condition is destroyed after a signal that wakes one of two waiters.
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static int done;

static void* wait_for_it(void* unused) {
    pthread_mutex_lock(&lock);
    while (!done) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_cond_init(&changed, NULL);
    pthread_create(&a, NULL, wait_for_it, NULL);
    pthread_create(&b, NULL, wait_for_it, NULL);
    pthread_mutex_lock(&lock);
    done = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&changed);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
