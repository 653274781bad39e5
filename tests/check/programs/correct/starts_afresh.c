// SPDX-License-Identifier: BSL-1.0
// Leaves behind what a process can: each schedule finds it as the first one did.
#define _GNU_SOURCE
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { large = 1 << 20 };

static int counter;
static char zeros[64 * 1024];
static int initialised[4096] = {7};
static __thread int own;
static void* kept;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#if defined(__SSE2__)
#include <xmmintrin.h>
static int rounds_to_nearest(void) {
    return _MM_GET_ROUNDING_MODE() == _MM_ROUND_NEAREST;
}
static void round_down(void) {
    _MM_SET_ROUNDING_MODE(_MM_ROUND_DOWN);
}
#else
static int rounds_to_nearest(void) {
    return 1;
}
static void round_down(void) {}
#endif

static void handle(int number) {
    (void)number;
}

static void expect_first_time(int argc) {
    struct sigaction action;
    sigset_t mask;
    char name[16];
    assert(counter == 0 && own == 0 && kept == NULL);
    for (unsigned i = 0; i < sizeof zeros; i += 1024) assert(zeros[i] == 0);
    assert(initialised[0] == 7 && initialised[4095] == 0);
    assert(getenv("LEFT_BEHIND") == NULL);
    assert(rounds_to_nearest());
    assert(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    assert(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 && !sigismember(&mask, SIGUSR1));
    assert(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "left") != 0);
    assert(argc == 1);
    (void)action;
    (void)argc;
    (void)mask;
}

static void leave_things_behind(void) {
    sigset_t all;
    int pair[2];
    counter = 1;
    own = 2;
    for (unsigned i = 0; i < sizeof zeros; i += 512) zeros[i] = 1;
    initialised[0] = 8;
    initialised[4095] = 9;
    setenv("LEFT_BEHIND", "yes", 1);
    round_down();
    signal(SIGUSR1, handle);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    prctl(PR_SET_NAME, "left");
    // Memory by each of the ways: the heap grows, a mapping, a part of one given back, a file's.
    kept = malloc(40 * 1024);
    memset(kept, 1, 40 * 1024);
    for (int i = 0; i < 8; ++i) memset(malloc(60 * 1024), i, 60 * 1024);
    memset(malloc(large), 2, large);
    char* const mapped = mmap(NULL, large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(mapped != MAP_FAILED && mapped[0] == 0);
    memset(mapped, 3, large);
    munmap(mapped + large / 2, large / 4);
    mprotect(mapped, large / 4, PROT_READ);
    // Files: those of the schedules before are closed.
    const int file = open("/dev/null", O_WRONLY);
    const int next = dup(file);
    assert(file >= 0 && next >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    assert(file < 100 && next < 100 && pair[0] < 100 && pair[1] < 100);
    close(next);
    printf("not yet written");
}

static void* work(void* p) {
    assert(own == 0);
    own = 5;
    pthread_mutex_lock(&lock);
    ++counter;
    pthread_mutex_unlock(&lock);
    return p;
}

int main(int argc, char** argv) {
    pthread_t threads[2];
    (void)argv;
    expect_first_time(argc);
    for (int i = 0; i < 2; ++i) pthread_create(&threads[i], NULL, work, NULL);
    pthread_mutex_lock(&lock);
    leave_things_behind();
    counter = 0;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
    return 0;
}
