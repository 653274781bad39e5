// SPDX-License-Identifier: BSL-1.0
// All signals are blocked, and one thread receives them by sigwait: the usual way. Two are sent, one to the
// process and one to the thread; in which order they are received nobody knows.
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static sigset_t handled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int received;

static void* receive(void* unused) {
    for (int number = 0; number != SIGTERM;) {
        assert(sigwait(&handled, &number) == 0);
        pthread_mutex_lock(&lock);
        ++received;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

int main(void) {
    pthread_t thread;
    sigemptyset(&handled);
    sigaddset(&handled, SIGUSR1);
    sigaddset(&handled, SIGTERM);
    assert(pthread_sigmask(SIG_BLOCK, &handled, NULL) == 0);
    pthread_create(&thread, NULL, receive, NULL);
    assert(kill(getpid(), SIGUSR1) == 0);
    pthread_mutex_lock(&lock);
    while (received < 1) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    assert(pthread_kill(thread, SIGTERM) == 0);
    pthread_join(thread, NULL);
    // Nobody sends one more.
    const struct timespec moment = {0, 1000000};
    assert(sigtimedwait(&handled, NULL, &moment) == -1);
    return received != 2;
}
