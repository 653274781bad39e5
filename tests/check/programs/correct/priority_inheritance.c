// SPDX-License-Identifier: BSL-1.0
// A program as in priority_inversion.c, with a mutex that passes on the priority of those that wait for it.
// options: --policy priority
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stddef.h>

static pthread_mutex_t shared;
static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
static sem_t locked;

static void* low(void* unused) {
    pthread_mutex_lock(&shared);
    sem_post(&locked);
    pthread_mutex_unlock(&shared);
    return unused;
}

static void* medium(void* unused) {
    for (int i = 0; i < 2000; ++i) {
        pthread_mutex_lock(&own);
        pthread_mutex_unlock(&own);
    }
    return unused;
}

static void* high(void* unused) {
    pthread_mutex_lock(&shared);
    pthread_mutex_unlock(&shared);
    return unused;
}

static pthread_t start(void* (*work)(void*), int priority) {
    pthread_t thread;
    pthread_attr_t attributes;
    const struct sched_param p = {.sched_priority = priority};
    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &p);
    pthread_create(&thread, &attributes, work, NULL);
    return thread;
}

int main(void) {
    const struct sched_param highest = {.sched_priority = 50};
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &highest);
    sem_init(&locked, 0, 0);
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&shared, &kind);
    const pthread_t a = start(low, 1);
    sem_wait(&locked);
    const pthread_t b = start(high, 20);
    const pthread_t c = start(medium, 10);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    pthread_join(c, NULL);
    return 0;
}
