// SPDX-License-Identifier: BSL-1.0
// Lines, records and numbers that one thread writes to a pipe and another reads by stdio, which waits inside libc.
#undef NDEBUG
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int ends[2];

static void send_text(const char* text) {
    assert(write(ends[1], text, strlen(text)) == (ssize_t)strlen(text));
}

static void* write_lines(void* unused) {
    send_text("one\ntw");
    send_text("o\n");
    send_text("three\n4 5\nrec");
    send_text("ord!");
    close(ends[1]);
    return unused;
}

int main(void) {
    assert(pipe(ends) == 0);
    FILE* in = fdopen(ends[0], "r");
    pthread_t writer;
    pthread_create(&writer, NULL, write_lines, NULL);

    char text[16];
    assert(fgets(text, sizeof text, in) != NULL && strcmp(text, "one\n") == 0);
    char* line = NULL;
    size_t room = 0;
    assert(getline(&line, &room, in) == 4 && strcmp(line, "two\n") == 0);
    assert(fgetc(in) == 't' && ungetc('t', in) == 't');
    assert(getdelim(&line, &room, 'e', in) == 4 && strcmp(line, "thre") == 0);
    assert(getc(in) == 'e' && getc(in) == '\n');
    int a = 0, b = 0;
    assert(fscanf(in, "%d", &a) == 1 && a == 4);
    assert(fscanf(in, "%d", &b) == 1 && b == 5);
    assert(fgetc(in) == '\n');
    assert(fread(text, 1, 7, in) == 7 && memcmp(text, "record!", 7) == 0);
    assert(fread(text, 1, 7, in) == 0 && feof(in));
    assert(fgets(text, sizeof text, in) == NULL);

    free(line);
    fclose(in);
    return pthread_join(writer, NULL);
}
