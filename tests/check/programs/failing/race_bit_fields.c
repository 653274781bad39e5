// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// Each thread has a field of its own, but both fields are in one byte.
#include <pthread.h>
#include <stddef.h>

static struct {
    unsigned char read_done : 1;
    unsigned char write_done : 1;
} state;

static void* read_all(void* unused) {
    state.read_done = 1;
    return unused;
}

static void* write_all(void* unused) {
    state.write_done = 1;
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, read_all, NULL);
    pthread_create(&b, NULL, write_all, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return state.read_done && state.write_done ? 0 : 1;
}
