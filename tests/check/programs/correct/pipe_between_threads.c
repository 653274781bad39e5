// SPDX-License-Identifier: BSL-1.0
// A thread writes words into a pipe and closes it; the other reads to the end. What was written before is
// read after.
#undef NDEBUG
#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static int ends[2];
static int answer;

static void* write_words(void* unused) {
    answer = 42;
    assert(write(ends[1], "one ", 4) == 4);
    assert(write(ends[1], "two ", 4) == 4);
    close(ends[1]);
    return unused;
}

int main(void) {
    pthread_t writer;
    char text[16];
    size_t length = 0;
    assert(pipe(ends) == 0);
    pthread_create(&writer, NULL, write_words, NULL);
    for (;;) {
        const ssize_t n = read(ends[0], text + length, sizeof text - length);
        if (n <= 0) break;
        length += (size_t)n;
    }
    close(ends[0]);
    pthread_join(writer, NULL);
    assert(answer == 42);
    assert(length == 8 && memcmp(text, "one two ", 8) == 0);
    return 0;
}
