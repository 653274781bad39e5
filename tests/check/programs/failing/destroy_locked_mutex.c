// SPDX-License-Identifier: BSL-1.0
// expects: misuse
// The last one out destroys the lock; but to know that it is the last is not to know that the other has unlocked.
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int users = 2;

static void* use(void* unused) {
    pthread_mutex_lock(&lock);
    const int last = atomic_fetch_sub(&users, 1) == 1;
    pthread_mutex_unlock(&lock);
    if (last) pthread_mutex_destroy(&lock);
    return unused;
}

static void* leave(void* unused) {
    if (atomic_fetch_sub(&users, 1) == 1) pthread_mutex_destroy(&lock);
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, use, NULL);
    pthread_create(&b, NULL, leave, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
