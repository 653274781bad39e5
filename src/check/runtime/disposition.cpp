// SPDX-License-Identifier: BSL-1.0
#include "disposition.hpp"

#include <errno.h>
#include <link.h>
#include <ucontext.h>
#include <cstring>
#include "arena.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(int, const struct sigaction*, struct sigaction*)> real_sigaction("sigaction");
HEDDLE_REAL real_function<sighandler_t(int, sighandler_t)> real_signal("signal");
HEDDLE_REAL real_function<sighandler_t(int, sighandler_t)> real_sysv_signal("__sysv_signal");

constexpr int n_signals = 65;
alignas(page_size) constinit struct sigaction handlers[n_signals]{};  // the program's
constinit bool replaced[n_signals]{};              // by on_signal()

bool is_function(const struct sigaction& a) noexcept {
    return a.sa_handler != SIG_DFL && a.sa_handler != SIG_IGN;
}

bool is_modelled(int number) noexcept {
    return number > 0 && number < n_signals && (signal_bit(number) & not_modelled) == 0;
}

// Where a signal must not call anything: the runtime, whose data may be half changed, and libc beneath it.
struct code_range {
    std::uint64_t begin;
    std::uint64_t end;
};
constinit code_range not_interruptible[8]{};
constinit unsigned n_not_interruptible = 0;

int note_range(dl_phdr_info* file, std::size_t, void*) noexcept {
    const std::uint64_t here = bits(reinterpret_cast<const void*>(&note_range));
    for (unsigned i = 0; i < file->dlpi_phnum; ++i) {
        const auto& part = file->dlpi_phdr[i];
        const std::uint64_t begin = file->dlpi_addr + part.p_vaddr;
        if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
        const bool own = here >= begin && here < begin + part.p_memsz;
        const bool libc = std::strstr(file->dlpi_name, "/libc.so") != nullptr ||
                          std::strstr(file->dlpi_name, "/ld-linux") != nullptr ||
                          std::strstr(file->dlpi_name, "libgcc_s") != nullptr;
        if ((own || libc) && n_not_interruptible < 8)
            not_interruptible[n_not_interruptible++] = {begin, begin + part.p_memsz};
    }
    return 0;
}

bool interrupts_program(const void* context) noexcept {
    const ucontext_t& c = *static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
    const auto pc = static_cast<std::uint64_t>(c.uc_mcontext.gregs[REG_RIP]);
#else
    const std::uint64_t pc = c.uc_mcontext.pc;
#endif
    for (unsigned i = 0; i < n_not_interruptible; ++i)
        if (pc >= not_interruptible[i].begin && pc < not_interruptible[i].end) return false;
    return true;
}

void call_handler(int number, siginfo_t* info, void* context);

// The real one. In a process that is not controlled, such as a forked child, the program's runs as ever.
// Otherwise it runs at a step, unless a thread computes without making any: it may wait for just this signal.
void on_signal(int number, siginfo_t* info, void* context) {
    if (engine.on) {
        thread* const me = current_thread;
        if (me == nullptr || (me->signal_mask & signal_bit(number)) != 0 || !interrupts_program(context)) {
            __atomic_fetch_or(&engine.arrived, signal_bit(number), __ATOMIC_RELAXED);
            return;
        }
        engine.shared->outcome.unmodelled |= unmodelled_signal;
        me->signal_mask |= signal_bit(number);
        call_handler(number, info, context);
        me->signal_mask &= ~signal_bit(number);
        return;
    }
    call_handler(number, info, context);
}

void call_handler(int number, siginfo_t* info, void* context) {
    const struct sigaction& a = handlers[number];
    if ((a.sa_flags & SA_SIGINFO) != 0)
        a.sa_sigaction(number, info, context);
    else
        a.sa_handler(number);
}

int replace(int number, const struct sigaction& by) noexcept {
    struct sigaction real = by;
    if (is_function(by)) {
        real.sa_sigaction = &on_signal;
        real.sa_flags = SA_SIGINFO | (by.sa_flags & ~static_cast<int>(SA_RESETHAND | SA_ONSTACK));
    }
    // It may come at once: then it must be known what for.
    const struct sigaction before = handlers[number];
    if (is_function(by)) handlers[number] = by;
    engine.handles_signals |= is_function(by);
    const int error = real_sigaction(number, &real, nullptr);
    if (error != 0)
        handlers[number] = before;
    else
        replaced[number] = is_function(by);
    return error;
}

// A signal may come before what is done about it has changed.
void begin_change(thread& me, const void* pc) noexcept {
    take_turn(me, {.what = action::none, .address = handlers, .pc = pc});
}

sighandler_t set_handler(int number, sighandler_t handler, int flags) noexcept {
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = flags;
    const sighandler_t before = disposition_of(number).sa_handler;
    return replace(number, action) == 0 ? before : SIG_ERR;
}

}  // namespace

struct sigaction disposition_of(int number) noexcept {
    struct sigaction a{};
    if (replaced[number]) return handlers[number];
    real_sigaction(number, nullptr, &a);
    return a;
}

void reset_disposition(int number) noexcept {
    const struct sigaction by_default{};
    replace(number, by_default);
}

void prepare_signals() noexcept {
    ::dl_iterate_phdr(&note_range, nullptr);
    for (int number = 1; number < n_signals; ++number) {
        if (!is_modelled(number)) continue;
        const struct sigaction a = disposition_of(number);
        if (is_function(a)) replace(number, a);
    }
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int sigaction(int number, const struct sigaction* action, struct sigaction* old) noexcept {
    thread* const me = controlled();
    if (me == nullptr || !is_modelled(number)) return real_sigaction(number, action, old);
    if (action != nullptr) begin_change(*me, HEDDLE_RETURN_ADDRESS);
    if (old != nullptr) *old = disposition_of(number);
    return action == nullptr ? 0 : replace(number, *action);
}

HEDDLE_INTERPOSED sighandler_t signal(int number, sighandler_t handler) noexcept {
    thread* const me = controlled();
    if (me == nullptr || !is_modelled(number)) return real_signal(number, handler);
    begin_change(*me, HEDDLE_RETURN_ADDRESS);
    return set_handler(number, handler, SA_RESTART);
}

// What signal() is to programs in strict C.
HEDDLE_INTERPOSED sighandler_t __sysv_signal(int number, sighandler_t handler) noexcept {
    thread* const me = controlled();
    if (me == nullptr || !is_modelled(number)) return real_sysv_signal(number, handler);
    begin_change(*me, HEDDLE_RETURN_ADDRESS);
    return set_handler(number, handler, static_cast<int>(SA_RESETHAND) | SA_NODEFER);
}
