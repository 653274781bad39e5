// SPDX-License-Identifier: BSL-1.0
#pragma once

// Signals that the program sends to itself and its threads. Each thread has its mask and what is pending for
// it, in the model and not in the kernel, where all of them are one thread. A handler runs at its thread's
// next step, in place of what that was about to do, which comes after.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

constexpr std::uint64_t signal_bit(int number) noexcept {
    return std::uint64_t{1} << (number - 1);
}

/// The lowest one of a set that is not empty: it is received first.
constexpr int next_signal(std::uint64_t set) noexcept {
    return __builtin_ctzll(set) + 1;
}

/// What `t` has to handle before anything else.
inline std::uint64_t due_signals(const thread& t) noexcept {
    const std::uint64_t pending = t.signals | engine.signals;
    if (pending == 0) return 0;
    // What sigwait() waits for it receives itself.
    const std::uint64_t awaited = t.pending.what == action::signal_wait ? t.pending.value : 0;
    return pending & ~t.signal_mask & ~awaited;
}

/// What came of it: no handler was called; all that were let the interrupted call go on; or one did not.
enum class handled : std::uint8_t { nothing, with_restart, without_restart };

/// A call begins that a signal interrupts. One that comes before it does not: its handler runs, and then the
/// call waits.
inline void begin_interruptible(thread& me, const void* pc) noexcept {
    if (engine.handles_signals) take_turn(me, {.what = action::none, .address = &me, .pc = pc});
}

/// Calls the handlers of what is due.
handled handle_signals(thread& me) noexcept;

/// A thread's mask and no signals.
void begin_signals(const thread* parent, thread& t) noexcept;

/// Once, before the first schedule of this process: real signals are only noted, and handled at a step.
void prepare_signals() noexcept;

/// Real signals that came since the last step are sent to the process.
void receive_arrived() noexcept;

/// The same of those that the kernel keeps because all threads block them, and that a thread waits for.
void receive_blocked() noexcept;

/// A sigset_t as a number: the first 64 bits are all that Linux knows.
std::uint64_t set_of(const void* set) noexcept;

/// Replaces the thread's mask.
void set_mask(thread& me, std::uint64_t mask) noexcept;

/// Other signals are blocked while this lives: what ppoll() and its kin do.
class signal_mask_meanwhile {
 public:
    /// `mask`: null changes nothing.
    signal_mask_meanwhile(thread& me, const void* mask) noexcept;
    signal_mask_meanwhile(const signal_mask_meanwhile&) = delete;
    signal_mask_meanwhile& operator=(const signal_mask_meanwhile&) = delete;
    ~signal_mask_meanwhile();

 private:
    thread& me_;
    std::uint64_t before_;
};

/// In a forked copy that is not controlled: the kernel's mask becomes that of its only thread.
void leave_signals_to_kernel(const thread& me) noexcept;

}  // namespace heddle::inline v0::check::runtime
