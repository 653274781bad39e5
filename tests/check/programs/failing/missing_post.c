// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// A semaphore serves as a mutex; the path for a full table returns without giving it back.
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

enum { room = 2 };
static sem_t permit;
static int used;

static void* add_two(void* unused) {
    for (int i = 0; i < 2; ++i) {
        sem_wait(&permit);
        if (used == room) return unused;
        ++used;
        sem_post(&permit);
    }
    return unused;
}

static void* remove_two(void* unused) {
    for (int i = 0; i < 2; ++i) {
        sem_wait(&permit);
        if (used > 0) --used;
        sem_post(&permit);
    }
    return unused;
}

int main(void) {
    pthread_t a, b;
    sem_init(&permit, 0, 1);
    used = 1;
    pthread_create(&a, NULL, add_two, NULL);
    pthread_create(&b, NULL, remove_two, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    sem_destroy(&permit);
    return 0;
}
