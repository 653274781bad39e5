// SPDX-License-Identifier: BSL-1.0
#include "rewind.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "image.hpp"
#include "spare.hpp"
#include "system_watch.hpp"
#include "undo.hpp"

#if defined(__x86_64__)

namespace heddle::inline v0::check::runtime {

namespace {

// Where the schedules begin: what a function may not change, and the thread's own registers.
struct place {
    std::uint64_t rbx, rbp, r12, r13, r14, r15;
    std::uint64_t stack_pointer;
    std::uint64_t instruction;
    std::uint64_t thread_pointer;
    std::uint32_t vector_control;
    std::uint16_t float_control;
};

// Not part of the image.
struct rewinding {
    char selector;
    alignas(16) unsigned char stack[256 * 1024];
    place begin;
    int socket;
    channel* shared;
    std::uint32_t flags;  // that cannot change from schedule to schedule
    std::uint64_t signal_mask;
    undo_list undone;
    memory_image image;
};

constinit rewinding* state = nullptr;

}  // namespace

// heddle_check_mark(place): returns 0, and once more, 1, for each heddle_check_go_back(place).
extern "C" long heddle_check_mark(void* to) noexcept __attribute__((returns_twice));
extern "C" [[noreturn]] void heddle_check_go_back(const void* to) noexcept;

__asm__(R"(
    .text
    .hidden heddle_check_mark
    .globl heddle_check_mark
    .type heddle_check_mark, @function
heddle_check_mark:
    movq %rbx, 0(%rdi)
    movq %rbp, 8(%rdi)
    movq %r12, 16(%rdi)
    movq %r13, 24(%rdi)
    movq %r14, 32(%rdi)
    movq %r15, 40(%rdi)
    leaq 8(%rsp), %rax
    movq %rax, 48(%rdi)
    movq (%rsp), %rax
    movq %rax, 56(%rdi)
    movq %fs:0, %rax
    movq %rax, 64(%rdi)
    stmxcsr 72(%rdi)
    fnstcw 76(%rdi)
    xorl %eax, %eax
    ret
    .size heddle_check_mark, .-heddle_check_mark

    .hidden heddle_check_go_back
    .globl heddle_check_go_back
    .type heddle_check_go_back, @function
heddle_check_go_back:
    movq 0(%rdi), %rbx
    movq 8(%rdi), %rbp
    movq 16(%rdi), %r12
    movq 24(%rdi), %r13
    movq 32(%rdi), %r14
    movq 40(%rdi), %r15
    movq 48(%rdi), %rsp
    movq 64(%rdi), %rax
    wrfsbase %rax
    ldmxcsr 72(%rdi)
    fninit
    fldcw 76(%rdi)
    movl $1, %eax
    jmpq *56(%rdi)
    .size heddle_check_go_back, .-heddle_check_go_back
)");

namespace {

constexpr std::uint32_t fixed_flags = order_jitter | order_baton | order_fork | order_quiet | order_capture;

[[noreturn]] void end_copy() noexcept {
    for (;;) unwatched_call(SYS_exit_group, 0);
}

// Waits until a schedule is asked for that this copy can run.
void next_request(rewinding& s) noexcept {
    char wanted = 0;
    long n = 0;
    do n = unwatched_call(SYS_recvfrom, s.socket, reinterpret_cast<long>(&wanted), 1);
    while (n == -EINTR);
    if (n != 1 || wanted != static_cast<char>(request::run)) end_copy();
    const orders& o = s.shared->orders;
    if ((o.flags & fixed_flags) != s.flags || o.spares > spares_made()) {
        s.shared->handed_back = 1;
        end_copy();
    }
}

// The schedule is over, as if the process were.
[[noreturn]] void go_on_with_next(rewinding& s, int status) noexcept {
    channel& shared = *s.shared;
    const answer a{.pid = shared.outcome.pid, .wait_status = (status & 0xff) << 8};
    if (unwatched_call(SYS_sendto, s.socket, reinterpret_cast<long>(&a), sizeof a, MSG_NOSIGNAL) !=
        static_cast<long>(sizeof a))
        end_copy();
    shared.answered = 1;
    unwatched_call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&s.signal_mask), 0,
                   sizeof s.signal_mask);
    s.undone.undo();
    if (!s.image.restore()) end_copy();
    next_request(s);
    heddle_check_go_back(&s.begin);
}

// It will be the server that answers; who is forked now must not keep the socket from closing.
void let_go(rewinding& s) noexcept {
    unwatched_call(SYS_close, s.socket);
}

watch_answer on_call(const watched_call& c) noexcept {
    if (c.number == SYS_exit_group) go_on_with_next(*state, static_cast<int>(c.arguments[0]));
    if (c.number == SYS_brk && state->image.move_break(static_cast<std::uintptr_t>(c.arguments[0])))
        return {true, unwatched_call(SYS_brk, c.arguments[0])};
    const watch_answer answer = state->undone.make(c);
    if (!answer.done) let_go(*state);
    return answer;
}

// Those that the program has installed before main.
void leave_sigsys_out_of_masks() noexcept {
    for (int number = 1; number <= 64; ++number) {
        kernel_action a{};
        if (unwatched_call(SYS_rt_sigaction, number, 0, reinterpret_cast<long>(&a), sizeof a.mask) != 0 ||
            (a.mask & bit_of_signal(SIGSYS)) == 0)
            continue;
        a.mask &= ~bit_of_signal(SIGSYS);
        unwatched_call(SYS_rt_sigaction, number, reinterpret_cast<long>(&a), 0, sizeof a.mask);
    }
}

bool prepare(rewinding& s) noexcept {
    unwatched_call(SYS_rt_sigprocmask, SIG_SETMASK, 0, reinterpret_cast<long>(&s.signal_mask),
                   sizeof s.signal_mask);
    if ((s.signal_mask & bit_of_signal(SIGSYS)) != 0) return false;
    // A huge page is written for the first time once for all of it.
    if (unwatched_call(SYS_prctl, PR_SET_THP_DISABLE, 1) != 0) return false;
    leave_sigsys_out_of_masks();
    return prepare_system_watch(&on_call, s.selector, s.stack, sizeof s.stack);
}

}  // namespace

void prepare_rewinding() noexcept {
    void* const memory = ::mmap(nullptr, sizeof(rewinding), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) state = static_cast<rewinding*>(memory);
}

void begin_rewinding(int socket, channel& shared) noexcept {
    if (state == nullptr) {
        ::close(socket);
        return;
    }
    state->socket = socket;
    state->shared = &shared;
    state->flags = shared.orders.flags & fixed_flags;
    if (!prepare(*state)) return let_go(*state);
    if (heddle_check_mark(&state->begin) != 0) return;
    if (!state->image.take(state, sizeof(rewinding))) return let_go(*state);
    __atomic_store_n(&state->selector, watch, __ATOMIC_RELEASE);
}

}  // namespace heddle::inline v0::check::runtime

#else

namespace heddle::inline v0::check::runtime {
void prepare_rewinding() noexcept {}
void begin_rewinding(int, channel&) noexcept {}
}  // namespace heddle::inline v0::check::runtime

#endif
