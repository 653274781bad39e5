// SPDX-License-Identifier: BSL-1.0
// expects: misuse
// Two threads join the same one.
#include <pthread.h>
#include <stddef.h>

static pthread_t worker;

static void* work(void* unused) {
    return unused;
}

static void* wait_for_worker(void* unused) {
    pthread_join(worker, NULL);
    return unused;
}

int main(void) {
    pthread_t a, b;
    pthread_create(&worker, NULL, work, NULL);
    pthread_create(&a, NULL, wait_for_worker, NULL);
    pthread_create(&b, NULL, wait_for_worker, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
