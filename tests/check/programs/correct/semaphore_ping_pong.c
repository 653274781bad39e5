// SPDX-License-Identifier: BSL-1.0
// Two threads pass the right to write a variable to and fro by two POSIX semaphores.
#undef NDEBUG
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

static sem_t ping, pong;
static int ball;

static void* play(void* unused) {
    for (int i = 0; i < 3; ++i) {
        sem_wait(&ping);
        assert(ball % 2 == 1);
        ++ball;
        sem_post(&pong);
    }
    return unused;
}

int main(void) {
    pthread_t other;
    sem_init(&ping, 0, 0);
    sem_init(&pong, 0, 0);
    pthread_create(&other, NULL, play, NULL);
    for (int i = 0; i < 3; ++i) {
        ++ball;
        sem_post(&ping);
        sem_wait(&pong);
        assert(ball % 2 == 0);
    }
    pthread_join(other, NULL);
    assert(ball == 6);
    assert(sem_trywait(&ping) == -1);
    sem_destroy(&ping);
    sem_destroy(&pong);
    return 0;
}
