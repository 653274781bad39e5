// SPDX-License-Identifier: BSL-1.0
#pragma once

// What goes wrong between tasks that wait for each other. Each derives from heddle::error.

#include <heddle/rt/error.hpp>

namespace heddle::inline v0 {

/// Releasing a lock that is not held, or that is another task's where that matters.
class HEDDLE_API not_owner : public error {
 public:
    using error::error;
};

/// A wait that could never end: a lock taken twice by one task, a join of oneself, a known cycle.
class HEDDLE_API deadlock_error : public error {
 public:
    using error::error;
};

/// A wait at a barrier that somebody has left, aborted or reset.
class HEDDLE_API broken_barrier : public error {
 public:
    using error::error;
};

}  // namespace heddle::inline v0
