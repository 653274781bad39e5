// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// options: --hang-after 1
// Two threads that talk through pipes. Each answers what it is asked; if neither has asked yet, both wait.
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

static int to_a[2], to_b[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int talking;

static int someone_talks(void) {
    pthread_mutex_lock(&lock);
    const int n = talking++;
    pthread_mutex_unlock(&lock);
    return n;
}

static void* talk(void* p) {
    const int is_a = p != NULL;
    char word = 'x';
    if (someone_talks() > 0 && is_a) {
        if (write(to_b[1], &word, 1) != 1) return p;
    }
    if (read(is_a ? to_a[0] : to_b[0], &word, 1) != 1) return p;
    if (write(is_a ? to_b[1] : to_a[1], &word, 1) != 1) return p;
    return p;
}

int main(void) {
    pthread_t a, b;
    if (pipe(to_a) != 0 || pipe(to_b) != 0) return 1;
    pthread_create(&a, NULL, talk, to_a);
    pthread_create(&b, NULL, talk, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
