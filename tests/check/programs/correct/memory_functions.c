// SPDX-License-Identifier: BSL-1.0
// Two threads fill, copy, compare and measure the same text, each while it holds the lock.
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char text[64];
static volatile size_t half = sizeof text / 2;

static void* work(void* p) {
    const char* const mine = p;
    for (int i = 0; i < 3; ++i) {
        pthread_mutex_lock(&lock);
        memset(text, 0, half);
        strcpy(text, mine);
        strcat(text, mine);
        memmove(text + half, text, half);
        assert(memcmp(text, text + half, half) == 0);
        assert(strlen(text) == 2 * strlen(mine));
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

int main(void) {
    pthread_t thread;
    char other[] = "other";
    pthread_create(&thread, NULL, work, other);
    char own[] = "main";
    work(own);
    pthread_join(thread, NULL);
    char copy[sizeof text];
    memcpy(copy, text, sizeof copy);
    puts(copy);
    return strncmp(copy, "main", 4) != 0 && strncmp(copy, "other", 5) != 0;
}
