// SPDX-License-Identifier: BSL-1.0
// Readers see two numbers that a writer always changes together; all begin at a pthread barrier.
#undef NDEBUG
#include <assert.h>
#include <pthread.h>
#include <stddef.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t start;
static int x, y;
static int serial;

static void* read_both(void* unused) {
    if (pthread_barrier_wait(&start) == PTHREAD_BARRIER_SERIAL_THREAD) ++serial;
    for (int i = 0; i < 2; ++i) {
        pthread_rwlock_rdlock(&lock);
        assert(x == y);
        pthread_rwlock_unlock(&lock);
    }
    if (pthread_rwlock_tryrdlock(&lock) == 0) {
        assert(x == y);
        pthread_rwlock_unlock(&lock);
    }
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_barrier_init(&start, NULL, 3);
    pthread_create(&a, NULL, read_both, NULL);
    pthread_create(&b, NULL, read_both, NULL);
    if (pthread_barrier_wait(&start) == PTHREAD_BARRIER_SERIAL_THREAD) ++serial;
    for (int i = 0; i < 2; ++i) {
        pthread_rwlock_wrlock(&lock);
        ++x;
        ++y;
        pthread_rwlock_unlock(&lock);
    }
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    assert(x == 2 && y == 2 && serial == 1);
    pthread_barrier_destroy(&start);
    pthread_rwlock_destroy(&lock);
    return 0;
}
