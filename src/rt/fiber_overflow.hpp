// SPDX-License-Identifier: BSL-1.0
#pragma once

// Turns a fiber's stack overflow, which is a write to the guard below its stack, into a message that says
// whose stack it was. The signal handler needs a stack of its own for that, and the kernel keeps that per
// thread.

namespace heddle::inline v0::rt::detail {

/// Installs the handler of SIGSEGV, once per process. It passes on what is not an overflow of a fiber.
void install_overflow_handler() noexcept;

/// Gives the calling thread an alternate signal stack unless it has one.
void prepare_thread_for_overflow() noexcept;

}  // namespace heddle::inline v0::rt::detail
