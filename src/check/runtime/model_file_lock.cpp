// SPDX-License-Identifier: BSL-1.0
// Locks of files, and message queues.

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include "engine.hpp"
#include "model_file.hpp"
#include "model_signal.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(int, int)> real_flock("flock");
HEDDLE_REAL real_function<ssize_t(mqd_t, char*, size_t, unsigned*)> real_mq_receive("mq_receive");
HEDDLE_REAL real_function<int(mqd_t, const char*, size_t, unsigned)> real_mq_send("mq_send");

struct lock_request {
    int fd;
    int how;
};

// There is no way to ask: it is taken and given back. What a thread that waits for it held before is gone, since
// the kernel takes that away before it makes somebody wait.
bool lock_free(const thread& t) noexcept {
    const lock_request& r = *reinterpret_cast<const lock_request*>(t.pending.value);
    if (real_flock(r.fd, r.how | LOCK_NB) != 0) return errno != EWOULDBLOCK;
    real_flock(r.fd, LOCK_UN);
    return true;
}

int lock_file(thread& me, int fd, int how, const void* pc) {
    for (;;) {
        take_turn(me, {.what = action::file_wait, .global = true, .pc = pc});
        if ((how & LOCK_UN) != 0) note_sent(me, fd);
        const int result = real_flock(fd, how | LOCK_NB);
        if (result == 0) note_received(me, fd);
        if (result == 0 || errno != EWOULDBLOCK || (how & LOCK_NB) != 0) return result;
        const lock_request r{fd, how};
        begin_interruptible(me, pc);
        if (!wait_for_outside(me, &lock_free, &r, interruption::unless_restarted, never, pc)) return -1;
    }
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

// By its symbol: the name is also that of a struct.
HEDDLE_INTERPOSED int heddle_check_flock(int fd, int how) __asm__("flock");
int heddle_check_flock(int fd, int how) {
    thread* const me = controlled();
    return me == nullptr ? real_flock(fd, how) : lock_file(*me, fd, how, HEDDLE_RETURN_ADDRESS);
}

// A message queue is a file that can be polled.
HEDDLE_INTERPOSED ssize_t mq_receive(mqd_t queue, char* out, size_t size, unsigned* priority) {
    thread* const me = controlled();
    if (me != nullptr && !wait_for_file(*me, queue, POLLIN, false, HEDDLE_RETURN_ADDRESS)) return -1;
    if (me != nullptr) note_received(*me, queue);
    return real_mq_receive(queue, out, size, priority);
}

HEDDLE_INTERPOSED int mq_send(mqd_t queue, const char* data, size_t size, unsigned priority) {
    thread* const me = controlled();
    if (me != nullptr && !wait_for_file(*me, queue, POLLOUT, false, HEDDLE_RETURN_ADDRESS)) return -1;
    if (me != nullptr) note_sent(*me, queue);
    return real_mq_send(queue, data, size, priority);
}
