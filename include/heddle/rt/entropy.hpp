// SPDX-License-Identifier: BSL-1.0
#pragma once

// The only source of randomness that is not chosen by a seed. What must be repeatable (a lottery, a schedule,
// a network that loses packets) takes its seed as an argument and draws a default for it here.

#include <cstdint>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

/// 64 random bits from the kernel, fit for keys as well as for seeds.
///
/// Blocks: only early in a boot. Thread-safety: any thread. Throws: std::system_error if the kernel refuses.
HEDDLE_API std::uint64_t entropy();

}  // namespace heddle::inline v0::rt
