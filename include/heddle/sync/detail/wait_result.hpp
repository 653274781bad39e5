// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a wait that either got what it wanted, timed out or was cancelled comes to for a coroutine.

#include <heddle/rt/error.hpp>
#include <type_traits>

namespace heddle::inline v0::detail {

/// The operation `Wait` with its result: nothing, or whether it was granted.
template <class Wait, class Result> class wait_result : public Wait {
 public:
    using Wait::Wait;
    Result result() const {
        if (this->cancelled()) throw heddle::cancelled();
        if constexpr (!std::is_void_v<Result>) return this->granted();
    }
};

}  // namespace heddle::inline v0::detail
