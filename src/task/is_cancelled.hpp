// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <exception>
#include <heddle/rt/error.hpp>

namespace heddle::inline v0::detail {

/// Whether it is heddle::cancelled: a task that stopped because it was asked to has not failed.
inline bool is_cancelled(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const cancelled&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace heddle::inline v0::detail
