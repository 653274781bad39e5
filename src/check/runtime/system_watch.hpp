// SPDX-License-Identifier: BSL-1.0
#pragma once

// Sees every system call of this thread before it is made, also those inside libc: what changes more than
// memory cannot be undone by giving the memory back. By the kernel's syscall user dispatch (Linux 5.11,
// x86-64).

#include <signal.h>
#include <cstddef>
#include <cstdint>

namespace heddle::inline v0::check::runtime {

/// A system call that is not seen. Only for what leaves nothing behind.
long unwatched_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                    long f = 0) noexcept;

/// One that is seen.
struct watched_call {
    long number;
    long arguments[6];
};

/// What becomes of it: made, with this result; or made, and from then on nothing is seen any more.
struct watch_answer {
    bool done;
    long result;
};

using watcher = watch_answer (*)(const watched_call&) noexcept;

/// Values of a watch's selector.
inline constexpr char let_pass = 0;
inline constexpr char watch = 1;

/// A signal's handler as the kernel has it.
struct kernel_action {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
};

constexpr std::uint64_t bit_of_signal(int number) noexcept {
    return std::uint64_t{1} << (number - 1);
}

/// Signal masks are the watch's own business: they change as asked for, and are not told to `seen`. SIGSYS
/// may be in none, also of a handler that is installed: where it is blocked the kernel ends the process in
/// place of a signal. The return from a handler of the program's is a system call that is seen.
///
/// Prepares the watch, which is on while `selector` says so. `seen` is called on `stack`, by a signal handler
/// for SIGSYS; after its first "not done" the selector says let_pass. @return false if this kernel or
/// processor cannot.
bool prepare_system_watch(watcher seen, char& selector, void* stack, std::size_t size) noexcept;

}  // namespace heddle::inline v0::check::runtime
