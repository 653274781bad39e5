// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <heddle/heddle.hpp>
