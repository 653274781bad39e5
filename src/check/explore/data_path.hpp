// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>

struct Dwfl_Module;

namespace heddle::inline v0::check {

/// What lies `offset` bytes into the variable at `address`, as one writes it: `[1].balance`, or `+8` where
/// the debug information does not tell. Empty for the variable as a whole.
std::string path_in_variable(Dwfl_Module* module, std::uint64_t address, std::uint64_t offset);

}  // namespace heddle::inline v0::check
