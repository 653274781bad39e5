// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a function that is explored may call.

#include <cstddef>
#include <heddle/rt/config.hpp>
#include <source_location>
#include <string_view>

namespace heddle::inline v0::check {

/// Fails this schedule if `holds` is false. Outside of an exploration: throws heddle::error.
HEDDLE_API void require(bool holds, std::string_view what = {},
                        std::source_location where = std::source_location::current());

/// Drops this schedule without a verdict if `holds` is false. Throws: invalid_state outside of an
/// exploration.
HEDDLE_API void assume(bool holds);

/// A number from 0 to n-1 that is part of the schedule, as the order of the threads is. Throws:
/// std::invalid_argument for 0; invalid_state outside of an exploration.
HEDDLE_API std::size_t choose(std::size_t n);

/// Whether the calling thread is being explored; for tests that want smaller sizes then.
HEDDLE_API bool active() noexcept;

}  // namespace heddle::inline v0::check
