// SPDX-License-Identifier: BSL-1.0
// expects: crash
// A thread that is told to stop by a signal has not always got so far as to say what is to happen then.
#include <pthread.h>
#include <signal.h>

static void ignore(int number) {
    (void)number;
}

static void* work(void* unused) {
    signal(SIGUSR1, ignore);
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    pthread_kill(thread, SIGUSR1);
    pthread_join(thread, NULL);
    return 0;
}
