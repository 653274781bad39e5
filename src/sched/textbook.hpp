// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/sched/simulate.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::inline v0::sched {

/// A classic example: a workload, and the policies that it is told of.
struct textbook_case {
    std::string_view name;
    std::string_view title;
    std::string_view tasks;  ///< in the text format
    std::vector<std::string_view> policies;
    simulation_options options{};
    std::string_view lesson;
};

const std::vector<textbook_case>& textbook_cases();

}  // namespace heddle::inline v0::sched
