// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>

namespace heddle::inline v0::cli {

/// Prints all of it. Throws: std::runtime_error if that is not possible.
void print_out(const std::string& text);

/// Throws: usage_error if the file cannot be written.
void write_file(const std::string& path, const std::string& text);

/// How wide a chart may be: the terminal, or 100 columns.
std::size_t chart_width();

}  // namespace heddle::inline v0::cli
