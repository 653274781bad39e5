// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// One thread clears a table, of a size that the compiler does not know, while another copies it.
#include <pthread.h>
#include <string.h>

static char table[256];
static volatile size_t size = sizeof table;

static void* clear(void* unused) {
    memset(table, 0, size);
    return unused;
}

int main(void) {
    char copy[sizeof table];
    pthread_t thread;
    pthread_create(&thread, NULL, clear, NULL);
    memcpy(copy, table, size);
    pthread_join(thread, NULL);
    return copy[0];
}
