// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/rt/config.hpp>
#include <heddle/rt/spinner.hpp>

namespace heddle::inline v0::detail {

using rt::spinner;

/// Waiting for another task that is in the middle of a few instructions and has not lost its way: it may have
/// been interrupted there, and then it needs this CPU. `brief_wait w; while (!condition()) w.again();`
class HEDDLE_API brief_wait {
 public:
    /// Pauses; the longer it takes the longer. May suspend a fiber; on a thread, blocks it for microseconds.
    void again() noexcept;

 private:
    spinner spinner_;
    bool spinning_ = true;
};

}  // namespace heddle::inline v0::detail
