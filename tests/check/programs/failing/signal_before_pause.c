// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// A thread looks whether a signal has come, and pauses if not. One that comes in between is lost:
// sigsuspend() would be right.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t come;

static void note(int number) {
    (void)number;
    come = 1;
}

static void* wait_for_it(void* unused) {
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    if (!come) pause();
    return unused;
}

int main(void) {
    pthread_t thread;
    signal(SIGUSR1, note);
    pthread_create(&thread, NULL, wait_for_it, NULL);
    pthread_kill(thread, SIGUSR1);
    pthread_join(thread, NULL);
    return 0;
}
