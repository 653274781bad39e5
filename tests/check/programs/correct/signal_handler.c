// SPDX-License-Identifier: BSL-1.0
// A handler runs in the thread that the signal is for, while it waits for a semaphore, sleeps, or is
// suspended; and in the one that raises it, before raise() returns.
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <time.h>

static sem_t ready;
static sem_t go;
static volatile sig_atomic_t seen;
static volatile sig_atomic_t value;
static pthread_t receiver;

static void note(int number) {
    assert(number == SIGUSR1 && pthread_equal(pthread_self(), receiver));
    ++seen;
}

static void note_value(int number, siginfo_t* info, void* context) {
    (void)number;
    (void)context;
    value = info->si_value.sival_int;
}

static void* receive(void* unused) {
    sigset_t usr1, none;
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    sem_post(&ready);
    while (seen == 0) assert(sigsuspend(&none) == -1 && errno == EINTR);
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    sem_post(&ready);
    while (sem_wait(&go) != 0) assert(errno == EINTR);
    assert(seen == 2);
    struct timespec rest = {0, 5000000};
    while (nanosleep(&rest, &rest) != 0) assert(errno == EINTR);
    return unused;
}

int main(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    sigaction(SIGUSR1, &action, NULL);
    action.sa_sigaction = note_value;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR2, &action, NULL);
    sem_init(&ready, 0, 0);
    sem_init(&go, 0, 0);
    pthread_create(&receiver, NULL, receive, NULL);
    while (sem_wait(&ready) != 0) {
    }
    assert(pthread_kill(receiver, SIGUSR1) == 0);
    while (sem_wait(&ready) != 0) {
    }
    assert(pthread_kill(receiver, SIGUSR1) == 0);
    sem_post(&go);
    const union sigval v = {.sival_int = 17};
    assert(pthread_sigqueue(pthread_self(), SIGUSR2, v) == 0 && value == 17);
    assert(signal(SIGUSR2, SIG_IGN) != SIG_ERR && raise(SIGUSR2) == 0);
    pthread_join(receiver, NULL);
    return seen != 2;
}
