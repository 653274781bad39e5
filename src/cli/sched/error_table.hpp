// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/sched/simulate.hpp>
#include <string>

namespace heddle::inline v0::cli {

/// When each job ended, measured beside predicted, line by line. `within` becomes false if an error is more
/// than 1.5 % and 8 ms, or only one of the two ended: a prediction knows nothing of what comes after its end.
/// Times are nanoseconds.
std::string error_table(const sched::workload& work, const sched::simulation& measured,
                        const sched::simulation& predicted, bool& within);

}  // namespace heddle::inline v0::cli
