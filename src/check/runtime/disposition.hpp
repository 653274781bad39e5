// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the program does about each signal. The kernel is told of a handler of the runtime's own in place of
// the program's: that only notes the signal, whose handler then runs at a step of a thread.

#include <signal.h>
#include "model_signal.hpp"

namespace heddle::inline v0::check::runtime {

/// Those that an instruction of the thread itself causes, or that nobody can handle: they stay the kernel's.
inline constexpr std::uint64_t not_modelled =
    signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGFPE) | signal_bit(SIGILL) | signal_bit(SIGTRAP) |
    signal_bit(SIGSYS) | signal_bit(SIGABRT) | signal_bit(SIGKILL) | signal_bit(SIGSTOP) | signal_bit(32) |
    signal_bit(33);  // the last two are libc's

constexpr bool ignored_by_default(int number) noexcept {
    return number == SIGCHLD || number == SIGURG || number == SIGWINCH || number == SIGCONT;
}

/// The program's.
struct sigaction disposition_of(int number) noexcept;

/// SIG_DFL again.
void reset_disposition(int number) noexcept;

}  // namespace heddle::inline v0::check::runtime
