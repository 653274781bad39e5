// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// A thread that has found the cache stale asks for the write lock while it still reads.
#include <pthread.h>
#include <stddef.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int version;

static void* refresh(void* unused) {
    pthread_rwlock_wrlock(&lock);
    version = 1;
    pthread_rwlock_unlock(&lock);
    return unused;
}

static void* read_cache(void* unused) {
    pthread_rwlock_rdlock(&lock);
    if (version == 0) {
        pthread_rwlock_wrlock(&lock);
        version = 1;
        pthread_rwlock_unlock(&lock);
    }
    pthread_rwlock_unlock(&lock);
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, refresh, NULL);
    pthread_create(&b, NULL, read_cache, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
