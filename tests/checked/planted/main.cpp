// SPDX-License-Identifier: BSL-1.0
// Explores a scenario: planted NAME KIND… succeeds if it fails in one of these ways, planted NAME if it does
// not fail.
#include <algorithm>
#include <heddle/check/explore.hpp>
#include <iostream>

#include "scenario.hpp"

int main(int argc, char** argv) {
    namespace check = heddle::check;
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    const auto& all = checked::scenarios();
    const auto wanted = std::ranges::find_if(
        all, [&](const auto& s) { return !arguments.empty() && s.name == arguments[0]; });
    if (wanted == all.end()) {
        std::cerr << "planted: no such scenario\n";
        return 2;
    }
    const bool planted = arguments.size() > 1;
    // The thread of timers goes on as long as the process.
    const check::report r = check::explore(
        wanted->run, {.schedules = planted ? 10000u : 150u, .threads_left_fail = false, .minimise = false});
    std::cout << r << (r.found ? r.found->schedule : r.schedules) << " schedules\n";
    if (!planted) return r ? 0 : 1;
    return r.found && std::ranges::count(arguments, r.found->kind) > 0 ? 0 : 1;
}
