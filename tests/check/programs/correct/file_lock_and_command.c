// SPDX-License-Identifier: BSL-1.0
// Two threads take turns by the lock of a file, one of them waits for a command meanwhile, a third gets a message.
#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static int inside;
static mqd_t messages;
static char name[32];

static void* take_turns(void* out) {
    int fd = open("/proc/self/exe", O_RDONLY);  // a file of this thread's own that is always there
    assert(fd >= 0 && flock(fd, LOCK_EX) == 0);
    assert(++inside == 1);
    if (out != NULL) {
        FILE* command = popen("echo done", "r");
        char line[16];
        assert(command != NULL && fgets(line, sizeof line, command) != NULL && strcmp(line, "done\n") == 0);
        assert(pclose(command) == 0);
        command = popen("cat >/dev/null; exit 3", "w");
        assert(command != NULL && fputs("text", command) >= 0);
        assert(WEXITSTATUS(pclose(command)) == 3);
    }
    --inside;
    assert(flock(fd, LOCK_UN) == 0);
    close(fd);
    if (out != NULL) assert(mq_send(messages, "over", 5, 0) == 0);
    return NULL;
}

static void* get_message(void* unused) {
    char text[8];
    assert(mq_receive(messages, text, sizeof text, NULL) == 5 && strcmp(text, "over") == 0);
    return unused;
}

int main(void) {
    snprintf(name, sizeof name, "/heddle-check-%d", (int)getpid());
    struct mq_attr about = {.mq_maxmsg = 1, .mq_msgsize = 8};
    messages = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &about);
    assert(messages >= 0);
    mq_unlink(name);
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, take_turns, name);
    pthread_create(&threads[1], NULL, take_turns, NULL);
    pthread_create(&threads[2], NULL, get_message, NULL);
    for (int i = 0; i < 3; ++i) pthread_join(threads[i], NULL);
    return 0;
}
