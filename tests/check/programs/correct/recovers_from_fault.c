// SPDX-License-Identifier: BSL-1.0
// A handler that blocks every signal while it runs, and a thread that makes system calls in it and leaves it by a jump.
#define _GNU_SOURCE
#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf before;
static volatile char* guarded;
static int recovered;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void recover(int number) {
    (void)number;
    (void)getpid();
    siglongjmp(before, 1);
}

static void* work(void* p) {
    pthread_mutex_lock(&lock);
    ++recovered;
    pthread_mutex_unlock(&lock);
    return p;
}

int main(void) {
    pthread_t other;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = recover;
    sigfillset(&action.sa_mask);
    assert(sigaction(SIGSEGV, &action, NULL) == 0);
    guarded = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(guarded != MAP_FAILED);
    pthread_create(&other, NULL, work, NULL);
    if (sigsetjmp(before, 1) == 0) *guarded = 1;
    pthread_mutex_lock(&lock);
    ++recovered;
    pthread_mutex_unlock(&lock);
    pthread_join(other, NULL);
    assert(recovered == 2);
    return 0;
}
