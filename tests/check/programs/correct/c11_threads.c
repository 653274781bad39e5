// SPDX-License-Identifier: BSL-1.0
// The threads of C11: a mutex, a condition, call_once, and storage of each thread with a destructor.
#undef NDEBUG
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <threads.h>

static once_flag once = ONCE_FLAG_INIT;
static mtx_t lock;
static cnd_t changed;
static tss_t scratch;
static int finished;
static atomic_int freed;

static void release(void* memory) {
    free(memory);
    ++freed;
}

static void prepare(void) {
    assert(mtx_init(&lock, mtx_plain) == thrd_success);
    assert(cnd_init(&changed) == thrd_success);
    assert(tss_create(&scratch, release) == thrd_success);
}

static int work(void* number) {
    call_once(&once, prepare);
    int* const mine = malloc(sizeof *mine);
    *mine = *(int*)number;
    tss_set(scratch, mine);
    mtx_lock(&lock);
    ++finished;
    cnd_signal(&changed);
    mtx_unlock(&lock);
    thrd_yield();
    return *(int*)tss_get(scratch) * 2;
}

int main(void) {
    thrd_t a, b;
    int one = 1, two = 2, result = 0;
    thrd_create(&a, work, &one);
    thrd_create(&b, work, &two);
    call_once(&once, prepare);
    mtx_lock(&lock);
    while (finished < 2) cnd_wait(&changed, &lock);
    mtx_unlock(&lock);
    thrd_join(a, &result);
    assert(result == 2);
    thrd_join(b, &result);
    assert(result == 4 && freed == 2);
    tss_delete(scratch);
    cnd_destroy(&changed);
    mtx_destroy(&lock);
    return 0;
}
