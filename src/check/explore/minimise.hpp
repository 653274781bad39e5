// SPDX-License-Identifier: BSL-1.0
#pragma once

// Makes a failing schedule smaller: fewer changes of thread that fail in the same way.

#include <check/explore/finding.hpp>
#include <check/explore/switches.hpp>
#include <functional>

namespace heddle::inline v0::check {

struct minimised {
    std::vector<guide_switch> switches;
    bool reproduced =
        false;  ///< the schedule failed again when run by its switches; otherwise they are all of them
    unsigned tried = 0;  ///< schedules run
};

/// Delta debugging (Zeller and Hildebrandt, 2002) over the changes of thread of `failing`. `go_on` is asked
/// before each schedule whether there is time for it; `limits` are those of one.
minimised minimise(schedule_server& server, const recording& failing, failure_kind kind,
                   const run_limits& limits, const std::function<bool()>& go_on);

}  // namespace heddle::inline v0::check
