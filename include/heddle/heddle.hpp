// SPDX-License-Identifier: BSL-1.0
#pragma once

// Everything in the library heddle::heddle, for small programs and for trying things out. A program that minds
// its compile time includes the headers that it uses. Written by scripts/update-umbrella.

#include <heddle/rt/config.hpp>
#include <heddle/rt/version.hpp>
