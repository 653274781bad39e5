// SPDX-License-Identifier: BSL-1.0
#pragma once

// Sleep sets: two schedules that differ only in the order of independent steps are the same, and one of them
// is enough.
//
// Where thread A's next step has been explored, and everything after it, and now B goes first, A is asleep:
// its step is not taken until a step has been done that depends on it. If all that can go on are asleep, the
// schedule would only repeat an earlier one.
//
// Source: Godefroid, Partial-Order Methods for the Verification of Concurrent Systems (LNCS 1032, 1996),
// chapter 5. Invariant: of every class of equal schedules exactly one is run to its end.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// Leaves those of `n` candidates that are awake. @return how many
unsigned keep_awake(thread** candidates, unsigned n) noexcept;

/// `explored`, by slot, of the candidates have had their turn here in earlier schedules.
void put_to_sleep(thread* const* candidates, unsigned n, std::uint64_t explored) noexcept;

/// `chosen` does what it has announced: those whose steps depend on it wake.
void wake_dependents(thread& chosen) noexcept;

}  // namespace heddle::inline v0::check::runtime
