// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// A name is replaced while another thread measures it.
#include <pthread.h>
#include <string.h>

static char name[32] = "nobody";
static const char* volatile next = "somebody";

static void* rename_it(void* unused) {
    strcpy(name, next);
    return unused;
}

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, rename_it, NULL);
    const size_t length = strlen(name);
    pthread_join(thread, NULL);
    return length == 0;
}
