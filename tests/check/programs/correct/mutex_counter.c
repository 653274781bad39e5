// SPDX-License-Identifier: BSL-1.0
// Two threads count under one mutex.
#undef NDEBUG
#include <assert.h>
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int count;

static void* work(void* unused) {
    for (int i = 0; i < 3; ++i) {
        pthread_mutex_lock(&lock);
        ++count;
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, work, NULL);
    pthread_create(&b, NULL, work, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    assert(count == 6);
    pthread_mutex_destroy(&lock);
    return 0;
}
