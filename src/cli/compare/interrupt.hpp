// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace heddle::inline v0::cli {

/// Catches ^C and a request to terminate. The first sets a flag; the second ends the program at once.
void watch_for_interrupts();

/// Whether the first has come.
bool interrupted();

}  // namespace heddle::inline v0::cli
