// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where exceptions go that have nobody to catch them: a callback that throws, a future that fails and is
// never looked at. The program goes on; the hook is told once.

#include <exception>
#include <heddle/rt/config.hpp>
#include <string_view>

namespace heddle::inline v0 {

/// Told of an exception that nobody will catch, and of where it came from.
using exception_hook = void (*)(std::exception_ptr, std::string_view where) noexcept;

/// Replaces the hook; the default writes one line to standard error. @return the previous hook.
/// Thread-safety: any thread.
HEDDLE_API exception_hook set_exception_hook(exception_hook hook) noexcept;

namespace rt {
/// Passes `error` to the hook.
HEDDLE_API void report_exception(std::exception_ptr error, std::string_view where) noexcept;
}  // namespace rt

}  // namespace heddle::inline v0
