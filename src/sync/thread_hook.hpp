// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where an exception goes that leaves the function of a thread.

#include <exception>
#include <heddle/sync/thread.hpp>

namespace heddle::inline v0::detail {

/// Passes `error` to the hook; what that throws goes to the exception hook.
void report_from_thread(const thread::handle& from, std::exception_ptr error) noexcept;

}  // namespace heddle::inline v0::detail
