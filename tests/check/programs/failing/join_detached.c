// SPDX-License-Identifier: BSL-1.0
// expects: misuse
// A thread detaches itself, and its creator joins it.
#include <pthread.h>
#include <stddef.h>

static void* work(void* unused) {
    pthread_detach(pthread_self());
    return unused;
}

int main(void) {
    pthread_t worker;
    pthread_create(&worker, NULL, work, NULL);
    pthread_join(worker, NULL);
    return 0;
}
