// SPDX-License-Identifier: BSL-1.0
#pragma once

// Several policies as one argument.

#include <string>
#include <vector>

namespace heddle::inline v0::cli {

/// "fcfs,mlfq:10,20,rr:4" is three of them: what begins with a digit belongs to what is before it. So does
/// whatever follows levels=, up to the next colon: "mlq:levels=rr/4,fcfs:shares=8,2,sjf" is two. Whether each
/// can be made is not looked at.
std::vector<std::string> split_policies(const std::string& list);

}  // namespace heddle::inline v0::cli
