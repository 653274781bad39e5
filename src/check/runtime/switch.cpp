// SPDX-License-Identifier: BSL-1.0
#include "switch.hpp"

#include <linux/futex.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

void sleep_while(std::uint32_t& word, std::uint32_t value) noexcept {
    system_call(SYS_futex, reinterpret_cast<long>(&word), FUTEX_WAIT_PRIVATE, value);
}

void wake(std::uint32_t& word) noexcept {
    system_call(SYS_futex, reinterpret_cast<long>(&word), FUTEX_WAKE_PRIVATE, 1);
}

// Release and acquire: what the one did before it handed over, the other sees.
void set_and_wake(std::uint32_t& word) noexcept {
    __atomic_store_n(&word, 1, __ATOMIC_RELEASE);
    wake(word);
}

void wait_until_set(std::uint32_t& word) noexcept {
    while (__atomic_load_n(&word, __ATOMIC_ACQUIRE) == 0) sleep_while(word, 0);
}

void take_baton(thread& me) noexcept {
    wait_until_set(me.baton);
    me.baton = 0;
}

}  // namespace

#if defined(__x86_64__)

// heddle_check_switch(save, stack_pointer, thread_pointer): leaves the callee-saved registers on the current
// stack, its pointer in *save, and goes on where another stack was left.
//
// heddle_check_park(save, parked, released): leaves them the same way, says so in *parked, and then sleeps in
// the kernel until *released is set, using no stack: meanwhile the carrier runs on this stack. Then it goes
// on where the carrier has left the stack.
extern "C" void heddle_check_switch(std::uint64_t* save, std::uint64_t stack_pointer,
                                    std::uint64_t thread_pointer);
extern "C" void heddle_check_park(std::uint64_t* save, std::uint32_t* parked, std::uint32_t* released);

__asm__(R"(
    .text
    .hidden heddle_check_switch
    .globl heddle_check_switch
    .type heddle_check_switch, @function
heddle_check_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    wrfsbase %rdx
heddle_check_resume:
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size heddle_check_switch, .-heddle_check_switch

    .hidden heddle_check_park
    .globl heddle_check_park
    .type heddle_check_park, @function
heddle_check_park:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rdi, %r12
    movq %rdx, %r14
    movq %rsp, (%rdi)
    movl $1, (%rsi)
    movq %rsi, %rdi
    movl $202, %eax
    movl $129, %esi
    movl $1, %edx
    syscall
1:  cmpl $0, (%r14)
    jne 2f
    movl $202, %eax
    movq %r14, %rdi
    movl $128, %esi
    xorl %edx, %edx
    xorl %r10d, %r10d
    syscall
    jmp 1b
2:  movq (%r12), %rsp
    jmp heddle_check_resume
    .size heddle_check_park, .-heddle_check_park
)");

bool carrier_possible() noexcept {
    constexpr unsigned long fsgsbase = 1u << 1;
    return (::getauxval(AT_HWCAP2) & fsgsbase) != 0;
}

namespace {
std::uint64_t thread_pointer() noexcept {
    std::uint64_t self;  // the first word of what fs points to is its address
    __asm__("movq %%fs:0, %0" : "=r"(self));
    return self;
}
}  // namespace

#else

// Writing the thread pointer of aarch64 is as easy, but nobody has tried it: the baton until then.
bool carrier_possible() noexcept {
    return false;
}
namespace {
std::uint64_t thread_pointer() noexcept {
    return 0;
}
void heddle_check_switch(std::uint64_t*, std::uint64_t, std::uint64_t) noexcept {}
void heddle_check_park(std::uint64_t*, std::uint32_t*, std::uint32_t*) noexcept {}
}  // namespace

#endif

namespace {
void identify(kernel_thread& me) noexcept {
    me.thread_pointer = thread_pointer();
    me.tid = static_cast<std::int32_t>(system_call(SYS_gettid));
}
}  // namespace

void adopt_main(thread& main) noexcept {
    identify(main.kernel);
}

void park_kernel_thread(kernel_thread& me) noexcept {
    identify(me);
    // The carrier uses this kernel thread's stack while it sleeps: no signal handler may.
    const std::uint64_t all = ~std::uint64_t{0};
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&all), 0, sizeof all);
    heddle_check_park(&me.stack_pointer, &me.parked, &me.released);
}

void wait_for_first_turn(thread& me) noexcept {
    if (!flag(order_baton)) return park_kernel_thread(me.kernel);
    identify(me.kernel);
    set_and_wake(me.kernel.parked);
    take_baton(me);
}

void wait_until_parked(kernel_thread& t) noexcept {
    wait_until_set(t.parked);
}

void switch_to(thread& me, thread& next) noexcept {
    if (!flag(order_baton)) {
        heddle_check_switch(&me.kernel.stack_pointer, next.kernel.stack_pointer, next.kernel.thread_pointer);
        return;
    }
    const bool finished = me.finished;
    set_and_wake(next.baton);
    if (finished)
        wait_until_set(me.kernel.released);
    else
        take_baton(me);
}

void hand_over(thread& next) noexcept {
    set_and_wake(next.baton);
}

void wait_for_turn(thread& me) noexcept {
    take_baton(me);
}

void release_kernel_thread(thread& t) noexcept {
    set_and_wake(t.kernel.released);
}

}  // namespace heddle::inline v0::check::runtime
