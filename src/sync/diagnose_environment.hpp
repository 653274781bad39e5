// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/rt/config.hpp>

namespace heddle::inline v0::detail {

/// Reads HEDDLE_DIAGNOSE, and starts diagnosis accordingly.
void diagnose_if_the_environment_says_so();

}  // namespace heddle::inline v0::detail
