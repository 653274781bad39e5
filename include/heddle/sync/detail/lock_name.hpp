// SPDX-License-Identifier: BSL-1.0
#pragma once

// The name of a primitive, for reports. Kept outside it, in a table, so that a lock with a name is no larger
// than one without.

#include <cstdint>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::detail {

class HEDDLE_API lock_name {
 public:
    constexpr lock_name() noexcept = default;
    /// `name` must outlive this. Without memory for the entry it is as one without a name.
    explicit lock_name(const char* name) noexcept;
    ~lock_name() {
        if (index_ != 0) forget();
    }
    lock_name(const lock_name&) = delete;
    lock_name& operator=(const lock_name&) = delete;

    /// The name given, null if none.
    const char* get() const noexcept;

 private:
    void forget() noexcept;
    std::uint32_t index_ = 0;  // 0: none
};

/// Ends the program if somebody waits at `address`, where a primitive of this kind is being destroyed, and
/// says who. Called by destructors that have seen a sign of waiters.
HEDDLE_API void check_nobody_waits(const char* kind, const char* name, const void* address) noexcept;

}  // namespace heddle::inline v0::detail
