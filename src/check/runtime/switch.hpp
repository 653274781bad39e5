// SPDX-License-Identifier: BSL-1.0
#pragma once

// How one thread stops and another goes on. Two ways with the same outcome: the carrier runs all threads on
// one kernel thread by exchanging stack and thread pointer (a switch takes some 50 ns); with the baton each
// thread stays on its own kernel thread and sleeps until it is handed the baton (some microseconds, but
// nothing about the threads is unusual). orders::flags says which.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// Whether this machine lets a program set its thread pointer (FSGSBASE).
bool carrier_possible() noexcept;

/// The calling kernel thread is the main thread and runs now.
void adopt_main(thread& main) noexcept;

/// The calling kernel thread sleeps; returns on the carrier when that has been switched to it, or by itself when
/// it is released.
void park_kernel_thread(kernel_thread& me) noexcept;

/// Called on the new kernel thread: returns when the engine has chosen `me` for the first time.
void wait_for_first_turn(thread& me) noexcept;

/// Called by the creator: returns when the new kernel thread can be switched to.
void wait_until_parked(kernel_thread& t) noexcept;

/// Stops `me` and lets `next` go on; returns when `me` goes on again. If `me` is finished it returns on its
/// own kernel thread, once release_kernel_thread() lets it.
void switch_to(thread& me, thread& next) noexcept;

/// With the baton only, on a kernel thread that has it in place of a thread that it was taken from: gives it to
/// `next`.
void hand_over(thread& next) noexcept;
/// With the baton only: returns when `me`, from which it was taken, has been given it.
void wait_for_turn(thread& me) noexcept;

/// Lets the kernel thread of a finished thread run to its end.
void release_kernel_thread(thread& t) noexcept;

}  // namespace heddle::inline v0::check::runtime
