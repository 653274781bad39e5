// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <check/explore/search.hpp>
#include <string>
#include <vector>

namespace heddle::inline v0::cli {

struct check_options {
    check::search_options search{};
    std::vector<std::string> command{};
    std::string replay{};       ///< run this schedule instead of searching
    std::string replay_file{};  ///< where a failure is written; empty: PROGRAM.replay in the current folder
    std::string output{};       ///< where what the program prints goes
    bool json = false;
    bool colour = false;
    int expected_status = 0;
};

/// Searches or replays, and prints. @return 0 if nothing failed, 1 if something did.
int run_check(const check_options& options);

}  // namespace heddle::inline v0::cli
