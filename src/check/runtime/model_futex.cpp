// SPDX-License-Identifier: BSL-1.0
// syscall(): libstdc++ waits and wakes through it (std::atomic::wait, semaphores, futures), and so does
// whoever builds a lock of its own.

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "clocks.hpp"
#include "detector.hpp"
#include "failure.hpp"
#include "model_mutex.hpp"
#include "random.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<long(long, long, long, long, long, long, long)> real_syscall("syscall");

bool woken(const thread& t) noexcept {
    return t.signalled;
}

long fail_with(int error) noexcept {
    errno = error;
    return -1;
}

long wait(thread& me, std::uint32_t* word, std::uint32_t expected, std::uint32_t mask, std::uint64_t deadline,
          const void* pc) noexcept {
    object& o = object_at(word);
    take_turn(me,
              // It writes: its place among those that wait.
              {.what = action::word_wait, .address = word, .pc = pc, .on = &o, .value = expected});
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != expected) return fail_with(EAGAIN);
    enqueue(me);
    me.wait_value = mask;
    const turn t = take_turn(me, {.what = action::word_woken,
                                  .writes = false,
                                  .interrupted_by_signals = interruption::always,
                                  .address = word,
                                  .pc = pc,
                                  .on = &o,
                                  .ready = &woken,
                                  .deadline = deadline});
    const bool signalled = me.signalled;
    me.signalled = false;
    if (signalled || t == turn::granted) return 0;
    return fail_with(t == turn::timed_out ? ETIMEDOUT : EINTR);
}

// The kernel wakes in the order of arrival.
thread* first_waiter(const object& o, std::uint32_t mask) noexcept {
    thread* first = nullptr;
    for_each_thread([&](thread& t) {
        if (t.pending.what == action::word_woken && t.pending.on == &o && !t.signalled &&
            (t.wait_value & mask) != 0 && (first == nullptr || t.ticket < first->ticket))
            first = &t;
    });
    return first;
}

long wake(thread& me, std::uint32_t* word, std::uint32_t limit, std::uint32_t mask, const void* pc) noexcept {
    object& o = object_at(word);
    take_turn(me, {.what = action::word_wake, .address = word, .pc = pc, .on = &o, .value = limit});
    long n = 0;
    for (; n < static_cast<long>(limit); ++n) {
        thread* const t = first_waiter(o, mask);
        if (t == nullptr) break;
        t->signalled = true;
    }
    point_after_release(me, word, pc);
    return n;
}

long requeue(thread& me, std::uint32_t* from, std::uint32_t limit, std::uint32_t* to, std::uint32_t move,
             const void* pc) noexcept {
    const long n = wake(me, from, limit, FUTEX_BITSET_MATCH_ANY, pc);
    object& o = object_at(to);
    long moved = 0;
    for (; moved < static_cast<long>(move); ++moved) {
        thread* const t = first_waiter(object_at(from), FUTEX_BITSET_MATCH_ANY);
        if (t == nullptr) break;
        t->pending.on = &o;
        t->pending.address = to;
    }
    return n + moved;
}

std::uint64_t futex_deadline(int operation, const timespec* t) noexcept {
    if (t == nullptr) return never;
    // Only FUTEX_WAIT's is relative.
    if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT) return virtual_after(*t);
    return virtual_deadline((operation & FUTEX_CLOCK_REALTIME) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, *t);
}

}  // namespace

long futex(thread& me, const long* a, const void* pc) noexcept {
    std::uint32_t* const word = reinterpret_cast<std::uint32_t*>(a[0]);
    const int operation = static_cast<int>(a[1]);
    const std::uint32_t value = static_cast<std::uint32_t>(a[2]);
    const std::uint32_t mask = static_cast<std::uint32_t>(a[5]);
    switch (operation & FUTEX_CMD_MASK) {
        case FUTEX_WAIT:
            return wait(me, word, value, FUTEX_BITSET_MATCH_ANY,
                        futex_deadline(operation, reinterpret_cast<const timespec*>(a[3])), pc);
        case FUTEX_WAIT_BITSET:
            return wait(me, word, value, mask,
                        futex_deadline(operation, reinterpret_cast<const timespec*>(a[3])), pc);
        case FUTEX_WAKE:
            return wake(me, word, value, FUTEX_BITSET_MATCH_ANY, pc);
        case FUTEX_WAKE_BITSET:
            return wake(me, word, value, mask, pc);
        case FUTEX_REQUEUE:
            return requeue(me, word, value, reinterpret_cast<std::uint32_t*>(a[4]),
                           static_cast<std::uint32_t>(a[3]), pc);
        case FUTEX_CMP_REQUEUE:
            if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != mask) return fail_with(EAGAIN);
            return requeue(me, word, value, reinterpret_cast<std::uint32_t*>(a[4]),
                           static_cast<std::uint32_t>(a[3]), pc);
        default:
            engine.shared->outcome.unmodelled |= unmodelled_pi_lock;
            return real_syscall(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED long syscall(long number, ...) noexcept {
    va_list arguments;
    va_start(arguments, number);
    long a[6];
    for (long& x : a) x = va_arg(arguments, long);
    va_end(arguments);
    thread* const me = controlled();
    if (me == nullptr) return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    switch (number) {
        case SYS_futex:
            return futex(*me, a, HEDDLE_RETURN_ADDRESS);
        case SYS_gettid:
            return me->kernel.tid;
        case SYS_sched_yield:
            return ::sched_yield();
        case SYS_getrandom:
            fill_with_random(reinterpret_cast<void*>(a[0]), static_cast<std::size_t>(a[1]));
            return a[1];
        default:
            return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}
