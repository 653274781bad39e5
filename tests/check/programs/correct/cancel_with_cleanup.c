// SPDX-License-Identifier: BSL-1.0
// A thread is cancelled where it waits, or before; its cleanup handlers give back what it holds at that time.
#undef NDEBUG
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static int waiting;
static int freed;

static void unlock(void* m) {
    pthread_mutex_unlock(m);
}

static void give_back(void* memory) {
    free(memory);
    freed = 1;
}

static void* wait_for_ever(void* unused) {
    void* const memory = malloc(16);
    pthread_cleanup_push(give_back, memory);
    pthread_mutex_lock(&lock);
    pthread_cleanup_push(unlock, &lock);
    waiting = 1;
    for (;;) pthread_cond_wait(&never, &lock);
    pthread_cleanup_pop(1);
    pthread_cleanup_pop(1);
    return unused;
}

static void* sleep_for_ever(void* unused) {
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    usleep(1000);
    pthread_setcancelstate(before, NULL);
    for (;;) sleep(1000);
    return unused;
}

int main(void) {
    pthread_t a, b;
    void* result = NULL;
    pthread_create(&a, NULL, wait_for_ever, NULL);
    pthread_create(&b, NULL, sleep_for_ever, NULL);
    pthread_cancel(b);
    pthread_cancel(a);
    pthread_join(a, &result);
    assert(result == PTHREAD_CANCELED);
    assert(freed == 1 || !waiting);
    pthread_mutex_lock(&lock);  // the thread has left it unlocked
    pthread_mutex_unlock(&lock);
    pthread_join(b, &result);
    assert(result == PTHREAD_CANCELED);
    return 0;
}
