// SPDX-License-Identifier: BSL-1.0
#pragma once

// For programs that cannot be controlled: their threads run freely, and are now and then delayed at random
// where they synchronise, or access memory, so that they meet in other orders.

#include <check/channel.hpp>

namespace heddle::inline v0::check::runtime {

/// Threads are delayed. Set once, before there is a second thread.
extern bool jitter_on;

void begin_jitter(channel& shared) noexcept;

/// The calling thread is about to synchronise.
void jitter() noexcept;

/// The calling thread is about to access memory: much more frequent.
void jitter_at_memory() noexcept;

}  // namespace heddle::inline v0::check::runtime
