// SPDX-License-Identifier: BSL-1.0
#pragma once

// The verbs of the command. Each describes its options to the parser and returns what is to be run if it is
// asked for; that returns the exit code, and throws usage_error for what is impossible.

#include <functional>

namespace CLI {
class App;
}

namespace heddle::inline v0::cli {

std::function<int()> add_compare(CLI::App& app);
std::function<int()> add_check(CLI::App& app);
std::function<int()> add_sched(CLI::App& app);

/// `heddle c++` and `heddle cc`, which pass their arguments on unparsed. @return only if the compiler cannot
/// be started.
int run_compiler(int argc, char** argv);

}  // namespace heddle::inline v0::cli
