// SPDX-License-Identifier: BSL-1.0
#include "model_signal.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstring>
#include "detector.hpp"
#include "disposition.hpp"
#include "failure.hpp"
#include "model_mutex.hpp"
#include "model_thread.hpp"
#include "real.hpp"
#include "signal_queue.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(int)> real_raise("raise");
HEDDLE_REAL real_function<int(pid_t, int)> real_kill("kill");
HEDDLE_REAL real_function<int(pid_t, int, sigval)> real_sigqueue("sigqueue");
HEDDLE_REAL real_function<int(pthread_t, int)> real_pthread_kill("pthread_kill");
HEDDLE_REAL real_function<int(pthread_t, int, sigval)> real_pthread_sigqueue("pthread_sigqueue");
HEDDLE_REAL real_function<int(pid_t, pid_t, int)> real_tgkill("tgkill");
HEDDLE_REAL real_function<int(int, const sigset_t*, int)> real_signalfd("signalfd");

// Signals that somebody reads from a file: the kernel has to keep them.
constinit std::uint64_t read_from_file = 0;

bool receives(const thread& t, std::uint64_t signal) noexcept {
    return (t.signal_mask & signal) == 0 ||
           (t.pending.what == action::signal_wait && (t.pending.value & signal) != 0);
}

// The kernel's mask: all threads are one kernel thread, which may receive what any of them may. With the
// baton each has its own.
void set_kernel_mask(const thread& me) noexcept {
    std::uint64_t mask = me.signal_mask;
    if (!flag(order_baton)) for_each_thread([&](const thread& t) { mask &= t.signal_mask; });
    mask &= ~not_modelled;
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&mask), 0, sizeof mask);
}

// Ends the process by the signal, as it would have ended.
[[noreturn]] void die(thread& me, int number) noexcept {
    record_failure(&me, verdict::crash, "", number);
    const struct {
        void* handler;
        unsigned long flags;
        void* restorer;
        std::uint64_t mask;
    } by_default{};
    system_call(SYS_rt_sigaction, number, reinterpret_cast<long>(&by_default), 0, sizeof(std::uint64_t));
    const std::uint64_t none = 0;
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&none), 0, sizeof none);
    system_call(SYS_tgkill, ::getpid(), system_call(SYS_gettid), number);
    system_call(SYS_exit_group, 128 + number);
    __builtin_unreachable();
}

bool does_nothing(int number, const struct sigaction& a) noexcept {
    return a.sa_handler == SIG_IGN || (a.sa_handler == SIG_DFL && ignored_by_default(number));
}

// One whom a signal for the process reaches; null if all block it.
thread* receiver(thread& me, int number, const void* pc) noexcept {
    thread* all[max_threads];
    std::uint32_t n = 0;
    for_each_thread([&](thread& t) {
        if (receives(t, signal_bit(number))) all[n++] = &t;
    });
    return n == 0 ? nullptr : all[choose(me, n, pc)];
}

// To the thread `to`, or to the process if that is null.
int send(thread& me, thread* to, int number, int code, sigval value, const void* pc) noexcept {
    if (number < 0 || number > 64) return EINVAL;
    if (number == 0) return 0;
    const std::uint64_t signal = signal_bit(number);
    take_turn(me, {.what = action::signal_send,
                   .global = true,
                   .address = to,
                   .pc = pc,
                   .value = static_cast<std::uint64_t>(number) |
                            (to != nullptr ? std::uint64_t{to->number + 1} << 8 : 0)});
    if (to != nullptr && to->finished) return 0;
    if ((signal & not_modelled) != 0)
        return static_cast<int>(-(to == &me
                                      ? system_call(SYS_tgkill, ::getpid(), system_call(SYS_gettid), number)
                                      : system_call(SYS_kill, ::getpid(), number)));
    if (to == nullptr) to = receiver(me, number, pc);
    if (to == nullptr && (read_from_file & signal) != 0)
        return static_cast<int>(-system_call(SYS_kill, ::getpid(), number));
    // What is ignored is gone, unless it is blocked: then it may be wanted later.
    if (to != nullptr && (to->signal_mask & signal) == 0 && does_nothing(number, disposition_of(number)))
        return 0;
    release(me, object_at(&signal_object(number)));
    if (!queue_signal(to, number, code, value)) return EAGAIN;
    if (due_signals(me) != 0) handle_signals(me);
    point_after_release(me, to, pc);
    return 0;
}

int with_errno(int error) noexcept {
    if (error == 0) return 0;
    errno = error;
    return -1;
}

}  // namespace

std::uint64_t set_of(const void* set) noexcept {
    std::uint64_t bits_of_set = 0;
    std::memcpy(&bits_of_set, set, sizeof bits_of_set);
    return bits_of_set;
}

void set_mask(thread& me, std::uint64_t mask) noexcept {
    me.signal_mask = mask & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
    set_kernel_mask(me);
}

handled handle_signals(thread& me) noexcept {
    handled result = handled::nothing;
    // What it waited for, it waits for again; handlers may use the same.
    const bool signalled = me.signalled;
    const std::uint64_t ticket = me.ticket;
    const std::uint64_t wait_value = me.wait_value;
    for (std::uint64_t due = due_signals(me); due != 0; due = due_signals(me)) {
        const int number = next_signal(due);
        siginfo_t info{};
        take_signal(me, number, info);
        acquire(me, object_at(&signal_object(number)));
        const struct sigaction a = disposition_of(number);
        if (does_nothing(number, a)) continue;
        if (a.sa_handler == SIG_DFL) die(me, number);
        if ((a.sa_flags & static_cast<int>(SA_RESETHAND)) != 0) reset_disposition(number);
        const std::uint64_t before = me.signal_mask;
        me.signal_mask |= set_of(&a.sa_mask) | ((a.sa_flags & SA_NODEFER) != 0 ? 0 : signal_bit(number));
        // Of the interrupted code's state it sees nothing that would be true.
        static ucontext_t context{};
        // The handler is called before the operation that was announced, and makes steps of its own.
        me.pending.what = action::signal_handle;
        if ((a.sa_flags & SA_SIGINFO) != 0)
            a.sa_sigaction(number, &info, &context);
        else
            a.sa_handler(number);
        me.signal_mask = before;
        if ((a.sa_flags & SA_RESTART) == 0)
            result = handled::without_restart;
        else if (result == handled::nothing)
            result = handled::with_restart;
    }
    me.signalled = signalled;
    me.ticket = ticket;
    me.wait_value = wait_value;
    return result;
}

void begin_signals(const thread* parent, thread& t) noexcept {
    forget_signals(t);
    if (parent != nullptr) {
        t.signal_mask = parent->signal_mask;
        return;
    }
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, 0, reinterpret_cast<long>(&t.signal_mask),
                sizeof t.signal_mask);
}

void receive_arrived() noexcept {
    const std::uint64_t came = __atomic_exchange_n(&engine.arrived, 0, __ATOMIC_RELAXED);
    if (came == 0) return;
    engine.shared->outcome.unmodelled |= unmodelled_signal;
    for (int number = 1; number <= 64; ++number) {
        if ((came & signal_bit(number)) == 0) continue;
        thread* to = nullptr;
        for_each_thread([&](thread& t) {
            if (to == nullptr && receives(t, signal_bit(number))) to = &t;
        });
        queue_signal(to, number, SI_KERNEL, {});
    }
}

void receive_blocked() noexcept {
    std::uint64_t awaited = 0;
    for_each_thread([&](const thread& t) {
        if (t.pending.what == action::signal_wait) awaited |= t.pending.value;
    });
    const timespec at_once{};
    for (awaited &= ~read_from_file; awaited != 0;) {
        const long number = system_call(SYS_rt_sigtimedwait, reinterpret_cast<long>(&awaited), 0,
                                        reinterpret_cast<long>(&at_once), sizeof awaited);
        if (number <= 0) break;
        __atomic_fetch_or(&engine.arrived, signal_bit(static_cast<int>(number)), __ATOMIC_RELAXED);
    }
    receive_arrived();
}

signal_mask_meanwhile::signal_mask_meanwhile(thread& me, const void* mask) noexcept
    : me_(me),
      before_(me.signal_mask) {
    if (mask != nullptr) set_mask(me, set_of(mask));
}

signal_mask_meanwhile::~signal_mask_meanwhile() {
    if (me_.signal_mask != before_) set_mask(me_, before_);
}

void leave_signals_to_kernel(const thread& me) noexcept {
    const std::uint64_t mask = me.signal_mask;
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&mask), 0, sizeof mask);
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int raise(int number) noexcept {
    thread* const me = controlled();
    if (me == nullptr) return real_raise(number);
    return with_errno(send(*me, me, number, SI_TKILL, {}, HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int kill(pid_t pid, int number) noexcept {
    thread* const me = controlled();
    if (me == nullptr || pid != ::getpid()) return real_kill(pid, number);
    return with_errno(send(*me, nullptr, number, SI_USER, {}, HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int sigqueue(pid_t pid, int number, const sigval value) noexcept {
    thread* const me = controlled();
    if (me == nullptr || pid != ::getpid()) return real_sigqueue(pid, number, value);
    return with_errno(send(*me, nullptr, number, SI_QUEUE, value, HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int pthread_kill(pthread_t handle, int number) noexcept {
    thread* const me = controlled();
    if (me == nullptr) return real_pthread_kill(handle, number);
    thread* const t = find_thread(handle);
    return t == nullptr ? ESRCH : send(*me, t, number, SI_TKILL, {}, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int pthread_sigqueue(pthread_t handle, int number, const sigval value) noexcept {
    thread* const me = controlled();
    if (me == nullptr) return real_pthread_sigqueue(handle, number, value);
    thread* const t = find_thread(handle);
    return t == nullptr ? ESRCH : send(*me, t, number, SI_QUEUE, value, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int tgkill(pid_t pid, pid_t tid, int number) {
    thread* const me = controlled();
    if (me == nullptr || pid != ::getpid()) return real_tgkill(pid, tid, number);
    thread* to = nullptr;
    for_each_thread([&](thread& t) {
        if (t.kernel.tid == tid) to = &t;
    });
    return with_errno(to == nullptr ? ESRCH : send(*me, to, number, SI_TKILL, {}, HEDDLE_RETURN_ADDRESS));
}

HEDDLE_INTERPOSED int signalfd(int fd, const sigset_t* set, int flags) noexcept {
    if (controlled() != nullptr) read_from_file |= set_of(set);
    return real_signalfd(fd, set, flags);
}
