// SPDX-License-Identifier: BSL-1.0
#include "system_watch.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#if defined(__x86_64__)

// The kernel lets the system calls of one range of addresses pass: these two functions.
extern "C" {
extern const char heddle_check_unwatched_begin[] __attribute__((visibility("hidden")));
extern const char heddle_check_unwatched_end[] __attribute__((visibility("hidden")));
long heddle_check_unwatched_call(long number, long a, long b, long c, long d, long e, long f);
void heddle_check_unwatched_return();
}

__asm__(R"(
    .text
    .hidden heddle_check_unwatched_begin
    .globl heddle_check_unwatched_begin
heddle_check_unwatched_begin:
    .hidden heddle_check_unwatched_call
    .globl heddle_check_unwatched_call
    .type heddle_check_unwatched_call, @function
heddle_check_unwatched_call:
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    movq %r8, %r10
    movq %r9, %r8
    movq 8(%rsp), %r9
    syscall
    ret
    .size heddle_check_unwatched_call, .-heddle_check_unwatched_call

    .hidden heddle_check_unwatched_return
    .globl heddle_check_unwatched_return
    .type heddle_check_unwatched_return, @function
heddle_check_unwatched_return:
    movl $15, %eax
    syscall
    ud2
    .size heddle_check_unwatched_return, .-heddle_check_unwatched_return
    .hidden heddle_check_unwatched_end
    .globl heddle_check_unwatched_end
heddle_check_unwatched_end:
)");

namespace heddle::inline v0::check::runtime {

namespace {

constexpr int pr_set_syscall_user_dispatch = 59;
constexpr long dispatch_on = 1;
constexpr unsigned long has_restorer = 0x04000000;
constexpr int by_dispatch = 2;    // SYS_USER_DISPATCH
constexpr long syscall_size = 2;  // bytes of the instruction

constinit watcher seen_by = nullptr;
constinit volatile char* selector_of_this_thread = nullptr;
constinit kernel_action action_before{};

// The mask that counts is the one which the handler's return sets. SIGSYS is never in it: where it is blocked
// the kernel would end the process.
long change_mask(std::uint64_t& mask, const watched_call& c) noexcept {
    const auto* const set = reinterpret_cast<const std::uint64_t*>(c.arguments[1]);
    auto* const before = reinterpret_cast<std::uint64_t*>(c.arguments[2]);
    if (c.arguments[3] != sizeof mask) return -EINVAL;
    const std::uint64_t given = set != nullptr ? *set & ~bit_of_signal(SIGSYS) : 0;
    if (before != nullptr) *before = mask;
    if (set == nullptr) return 0;
    switch (c.arguments[0]) {
        case SIG_BLOCK:
            mask |= given;
            return 0;
        case SIG_UNBLOCK:
            mask &= ~given;
            return 0;
        case SIG_SETMASK:
            mask = given;
            return 0;
        default:
            return -EINVAL;
    }
}

void on_system_call(int number, siginfo_t* info, void* context) noexcept {
    if (info->si_code != by_dispatch) return action_before.handler(number, info, context);
    auto& interrupted = *static_cast<ucontext_t*>(context);
    auto& registers = interrupted.uc_mcontext.gregs;
    const watched_call call{registers[REG_RAX],
                            {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX], registers[REG_R10],
                             registers[REG_R8], registers[REG_R9]}};
    if (call.number == SYS_rt_sigprocmask) {
        registers[REG_RAX] = change_mask(reinterpret_cast<std::uint64_t&>(interrupted.uc_sigmask), call);
        return;
    }
    const watch_answer a = seen_by(call);
    if (a.done) {
        registers[REG_RAX] = a.result;
        return;
    }
    *selector_of_this_thread = let_pass;
    unwatched_call(SYS_rt_sigaction, SIGSYS, reinterpret_cast<long>(&action_before), 0,
                   sizeof action_before.mask);
    registers[REG_RIP] -= syscall_size;
}

}  // namespace

long unwatched_call(long number, long a, long b, long c, long d, long e, long f) noexcept {
    return heddle_check_unwatched_call(number, a, b, c, d, e, f);
}

bool prepare_system_watch(watcher seen, char& selector, void* stack, std::size_t size) noexcept {
    seen_by = seen;
    selector_of_this_thread = &selector;
    selector = let_pass;
    const stack_t alternate{stack, 0, size};
    const kernel_action action{&on_system_call, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | has_restorer,
                               &heddle_check_unwatched_return, 0};
    const long begin = reinterpret_cast<long>(heddle_check_unwatched_begin);
    const long end = reinterpret_cast<long>(heddle_check_unwatched_end);
    return unwatched_call(SYS_sigaltstack, reinterpret_cast<long>(&alternate)) == 0 &&
           unwatched_call(SYS_rt_sigaction, SIGSYS, reinterpret_cast<long>(&action),
                          reinterpret_cast<long>(&action_before), sizeof action.mask) == 0 &&
           unwatched_call(SYS_prctl, pr_set_syscall_user_dispatch, dispatch_on, begin, end - begin,
                          reinterpret_cast<long>(&selector)) == 0;
}

}  // namespace heddle::inline v0::check::runtime

#else

namespace heddle::inline v0::check::runtime {

long unwatched_call(long, long, long, long, long, long, long) noexcept {
    return -1;
}

bool prepare_system_watch(watcher, char&, void*, std::size_t) noexcept {
    return false;
}

}  // namespace heddle::inline v0::check::runtime

#endif
