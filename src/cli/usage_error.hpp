// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <stdexcept>

namespace heddle::inline v0::cli {

/// What the user asked for cannot be done as asked; the text is one line that says what to do. Exit code 2.
class usage_error : public std::runtime_error {
 public:
    using std::runtime_error::runtime_error;
};

}  // namespace heddle::inline v0::cli
