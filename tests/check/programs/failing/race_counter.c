// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// Two threads count in an ordinary variable.
#include <pthread.h>
#include <stddef.h>

static long hits;

static void* count(void* unused) {
    for (int i = 0; i < 3; ++i) ++hits;
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, count, NULL);
    pthread_create(&b, NULL, count, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
