// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <stdexcept>

namespace heddle::inline v0::cli {

/// The user pressed ^C; everything that was started has ended.
class interrupted_error : public std::runtime_error {
 public:
    interrupted_error() : std::runtime_error("interrupted") {}
};

/// Catches ^C and a request to terminate. The first sets a flag; the second ends the program at once.
void watch_for_interrupts();

/// Whether the first has come.
bool interrupted();

}  // namespace heddle::inline v0::cli
