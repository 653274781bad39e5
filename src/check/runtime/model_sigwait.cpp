// SPDX-License-Identifier: BSL-1.0
// Waiting for signals, and blocking them.

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#include <cstring>
#include "cancellation.hpp"
#include "clocks.hpp"
#include "detector.hpp"
#include "model_signal.hpp"
#include "real.hpp"
#include "signal_queue.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(const sigset_t*, int*)> real_sigwait("sigwait");
HEDDLE_REAL real_function<int(const sigset_t*, siginfo_t*)> real_sigwaitinfo("sigwaitinfo");
HEDDLE_REAL real_function<int(const sigset_t*, siginfo_t*, const timespec*)> real_sigtimedwait(
    "sigtimedwait");
HEDDLE_REAL real_function<int(const sigset_t*)> real_sigsuspend("sigsuspend");
HEDDLE_REAL real_function<int()> real_pause("pause");
HEDDLE_REAL real_function<int(int, const sigset_t*, sigset_t*)> real_pthread_sigmask("pthread_sigmask");
HEDDLE_REAL real_function<int(int, const sigset_t*, sigset_t*)> real_sigprocmask("sigprocmask");
HEDDLE_REAL real_function<int(sigset_t*)> real_sigpending("sigpending");
HEDDLE_REAL real_function<unsigned(unsigned)> real_alarm("alarm");
HEDDLE_REAL real_function<int(__itimer_which_t, const itimerval*, itimerval*)> real_setitimer("setitimer");
HEDDLE_REAL real_function<int(timer_t, int, const itimerspec*, itimerspec*)> real_timer_settime(
    "timer_settime");

bool signal_came(const thread& t) noexcept {
    return ((t.signals | engine.signals) & t.pending.value) != 0;
}

bool never_by_itself(const thread&) noexcept {
    return false;
}

void store_set(sigset_t* out, std::uint64_t set) noexcept {
    std::memset(out, 0, sizeof *out);
    std::memcpy(out, &set, sizeof set);
}

// sigwait() and its kin. @return the signal, or an error negated.
int wait_for_signal(thread& me, const sigset_t* set, siginfo_t* info, interruption by, std::uint64_t deadline,
                    const void* pc) {
    leave_if_cancelled(me);
    begin_interruptible(me, pc);
    const std::uint64_t wanted = set_of(set);
    const turn t = take_turn(me, {.what = action::signal_wait,
                                  .cancellable = true,
                                  .interrupted_by_signals = by,
                                  .address = &me,
                                  .pc = pc,
                                  .ready = &signal_came,
                                  .deadline = deadline,
                                  .value = wanted});
    leave_if_cancelled(me);
    if (t == turn::timed_out) return -EAGAIN;
    if (t == turn::interrupted) return -EINTR;
    const int number = next_signal((me.signals | engine.signals) & wanted);
    siginfo_t received{};
    take_signal(me, number, received);
    acquire(me, object_at(&signal_object(number)));
    if (info != nullptr) *info = received;
    return number;
}

// pause() and sigsuspend().
int wait_for_handler(thread& me, const sigset_t* mask, const void* pc) {
    leave_if_cancelled(me);
    if (mask == nullptr) begin_interruptible(me, pc);
    {
        const signal_mask_meanwhile other(me, mask);
        take_turn(me, {.what = action::signal_wait,
                       .cancellable = true,
                       .interrupted_by_signals = interruption::always,
                       .address = &me,
                       .pc = pc,
                       .ready = &never_by_itself});
    }
    leave_if_cancelled(me);
    errno = EINTR;
    return -1;
}

int change_mask(thread& me, int how, const sigset_t* set, sigset_t* old, const void* pc) noexcept {
    const std::uint64_t before = me.signal_mask;
    if (set != nullptr) {
        const std::uint64_t given = set_of(set);
        if (how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK) return EINVAL;
        take_turn(me, {.what = action::none, .address = &me, .pc = pc});
        set_mask(me, how == SIG_BLOCK ? before | given : how == SIG_UNBLOCK ? before & ~given : given);
        // What was pending is received before the call returns.
        if (due_signals(me) != 0) handle_signals(me);
    }
    if (old != nullptr) store_set(old, before);
    return 0;
}

int with_errno(int number) noexcept {
    if (number >= 0) return number;
    errno = -number;
    return -1;
}

void expect_signals() noexcept {
    if (controlled() != nullptr) engine.signals_may_come = true;
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int sigwait(const sigset_t* set, int* number) {
    thread* const me = controlled();
    if (me == nullptr) return real_sigwait(set, number);
    const int n = wait_for_signal(*me, set, nullptr, interruption::none, never, HEDDLE_RETURN_ADDRESS);
    if (n < 0) return -n;
    *number = n;
    return 0;
}

HEDDLE_INTERPOSED int sigwaitinfo(const sigset_t* set, siginfo_t* info) {
    thread* const me = controlled();
    if (me == nullptr) return real_sigwaitinfo(set, info);
    return with_errno(wait_for_signal(*me, set, info, interruption::always, never, HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* timeout) {
    thread* const me = controlled();
    if (me == nullptr) return real_sigtimedwait(set, info, timeout);
    const std::uint64_t deadline = timeout == nullptr ? never : virtual_after(*timeout);
    return with_errno(wait_for_signal(*me, set, info, interruption::always, deadline, HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int sigsuspend(const sigset_t* mask) {
    thread* const me = controlled();
    return me == nullptr ? real_sigsuspend(mask) : wait_for_handler(*me, mask, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int pause() {
    thread* const me = controlled();
    return me == nullptr ? real_pause() : wait_for_handler(*me, nullptr, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) noexcept {
    thread* const me = controlled();
    return me == nullptr ? real_pthread_sigmask(how, set, old)
                         : change_mask(*me, how, set, old, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int sigprocmask(int how, const sigset_t* set, sigset_t* old) noexcept {
    thread* const me = controlled();
    if (me == nullptr) return real_sigprocmask(how, set, old);
    return with_errno(-change_mask(*me, how, set, old, HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int sigpending(sigset_t* out) noexcept {
    const thread* const me = controlled();
    const int error = real_sigpending(out);
    if (me == nullptr || error != 0) return error;
    store_set(out, set_of(out) | ((me->signals | engine.signals) & me->signal_mask));
    return 0;
}

// These send signals from outside, in real time.
HEDDLE_INTERPOSED unsigned alarm(unsigned seconds) noexcept {
    expect_signals();
    return real_alarm(seconds);
}

HEDDLE_INTERPOSED int setitimer(__itimer_which_t which, const itimerval* value, itimerval* old) noexcept {
    expect_signals();
    return real_setitimer(which, value, old);
}

HEDDLE_INTERPOSED int timer_settime(timer_t timer, int flags, const itimerspec* value,
                                    itimerspec* old) noexcept {
    expect_signals();
    return real_timer_settime(timer, flags, value, old);
}
