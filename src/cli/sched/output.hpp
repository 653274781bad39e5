// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <heddle/io/unique_fd.hpp>
#include <string>

namespace heddle::inline v0::cli {

/// Prints all of it. Throws: std::runtime_error if that is not possible.
void print_out(const std::string& text);

/// A file to be written in the end: it is opened first, for minutes of work not to end in "no such
/// directory". What it holds stays until then.
class output_file {
 public:
    /// Throws: usage_error if it cannot be opened for writing.
    explicit output_file(const std::string& path);
    /// This is all that it holds. Throws: usage_error.
    void write(const std::string& text) const;

 private:
    std::string path_;
    unique_fd fd_;
};

/// Throws: usage_error if the file cannot be written.
void write_file(const std::string& path, const std::string& text);

/// How wide a chart may be: the terminal, or 100 columns.
std::size_t chart_width();

}  // namespace heddle::inline v0::cli
