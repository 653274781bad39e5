// SPDX-License-Identifier: BSL-1.0
// expects: misuse
// A thread that failed to take the lock in time unlocks it all the same.
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int value;

static void* work(void* unused) {
    if (pthread_mutex_trylock(&lock) == 0) ++value;
    pthread_mutex_unlock(&lock);
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, work, NULL);
    pthread_create(&b, NULL, work, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
