// SPDX-License-Identifier: BSL-1.0
// expects: crash
// options: --no-races
// The thread is started before what it uses has been made.
#include <pthread.h>
#include <stddef.h>

struct table {
    int entries;
};

static struct table* volatile shared;
static struct table the_table;

static void* use(void* unused) {
    ++shared->entries;
    return unused;
}

int main(void) {
    pthread_t t;
    pthread_create(&t, NULL, use, NULL);
    shared = &the_table;
    pthread_join(t, NULL);
    return 0;
}
