// SPDX-License-Identifier: BSL-1.0
#include "failure.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstring>
#include <initializer_list>
#include "real.hpp"
#include "stack.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

void describe_threads() noexcept {
    for_each_thread([&](thread& t) {
        thread_record& r = engine.shared->threads[t.number];
        r.pc = bits(t.pending.pc);
        r.address = bits(t.pending.address);
        r.what = t.pending.what;
        r.steps = t.steps;
        r.detached = t.detached;
        r.stack = t.stack;
        const bool away = __atomic_load_n(&t.place, __ATOMIC_ACQUIRE) == outside;
        const bool ready = !away && (t.pending.ready == nullptr || t.pending.ready(t));
        r.state = ready ? thread_state::ready : thread_state::blocked;
        if (t.pending.what == action::thread_join)
            r.owner = t.joins->number + 1;
        else if (t.pending.on != nullptr && t.pending.on->owner != nullptr)
            r.owner = t.pending.on->owner->number + 1;
        r.unheard =
            t.pending.what == action::cond_wake && t.pending.on != nullptr && t.pending.on->lost_signals > 0;
    });
}

bool recorded = false;

}  // namespace

void record_outcome(verdict how) noexcept {
    if (recorded || engine.shared == nullptr) return;
    outcome& out = engine.shared->outcome;
    if (!engine.on) {
        // A child that the program forked has nothing to say.
        if (!jitter_on || out.pid != ::getpid()) return;
        out.how = how;
        recorded = true;
        return;
    }
    recorded = true;
    out.how = how;
    out.steps = engine.steps;
    out.decisions = engine.decisions;
    out.switches = engine.switches;
    out.hash = engine.hash;
    out.now = engine.now;
    out.threads = engine.numbers;
    describe_threads();
}

void record_failure(thread* who, verdict how, const char* message, int detail) noexcept {
    if (recorded || engine.shared == nullptr || !(engine.on || jitter_on)) return;
    outcome& out = engine.shared->outcome;
    if (out.pid != ::getpid()) return;
    std::strncpy(out.message, message, sizeof out.message - 1);
    out.detail = detail;
    if (who != nullptr && engine.on) {
        out.failed_thread = who->number + 1;
        if (flag(order_stacks)) out.failed_stack = record_stack(nullptr);
    }
    record_outcome(how);
}

void fail(thread* who, verdict how, const char* message) noexcept {
    record_failure(who, how, message);
    system_call(SYS_exit_group, ended_by_runtime);
    __builtin_unreachable();
}

void fail(thread* who, verdict how, const char* a, const char* b, const char* c) noexcept {
    char message[sizeof(outcome::message)] = {};
    std::size_t n = 0;
    for (const char* part : {a, b, c})
        for (; part != nullptr && *part != 0 && n + 1 < sizeof message; ++part) message[n++] = *part;
    fail(who, how, message);
}

void fail_in_deadlock(thread& me) noexcept {
    bool unheard = false;
    for_each_thread([&](const thread& t) {
        unheard |=
            t.pending.what == action::cond_wake && t.pending.on != nullptr && t.pending.on->lost_signals > 0;
    });
    if (unheard)
        fail(&me, verdict::lost_wakeup,
             "a condition was signalled before anybody waited at it, and nobody signals again");
    fail(&me, verdict::deadlock, "no thread can go on");
}

void fail_without_progress(thread& me) noexcept {
    fail(&me, verdict::no_progress, "the schedule did not end within the limit of steps");
}

namespace {

constexpr int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};

void on_crash(int number, siginfo_t*, void*) noexcept {
    ::signal(number, SIG_DFL);
    static bool again = false;
    if (!again) {
        again = true;
        // The program's own abort() has said more, and comes here too late.
        const bool by_libc = number == SIGABRT;
        record_failure(controlled(), by_libc ? verdict::assertion : verdict::crash,
                       by_libc ? "ended by SIGABRT, as the C library does when the heap is damaged" : "",
                       number);
    }
    // It happens again, by returning to the same instruction or by raising it, and ends the process as it
    // would.
    if (number == SIGABRT || number == SIGTRAP || number == SIGSYS)
        system_call(SYS_tgkill, ::getpid(), system_call(SYS_gettid), number);
}

}  // namespace

void watch_signals() noexcept {
    // A stack of its own, for a stack overflow. One is enough: the carrier is one kernel thread.
    constexpr std::size_t size = 256 * 1024;
    stack_t alternate{};
    alternate.ss_sp =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    alternate.ss_size = size;
    if (alternate.ss_sp != MAP_FAILED) ::sigaltstack(&alternate, nullptr);
    struct sigaction action{};
    action.sa_sigaction = &on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (const int number : crash_signals) ::sigaction(number, &action, nullptr);
}

}  // namespace heddle::inline v0::check::runtime
