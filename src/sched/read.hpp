// SPDX-License-Identifier: BSL-1.0
#pragma once

// Workloads from files. docs/sched.md describes the formats.

#include <heddle/sched/workload.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace heddle::inline v0::sched {

/// A file that is not what it should be: "FILE:LINE: expected …". Nothing of it has been taken.
class input_error : public std::runtime_error {
 public:
    input_error(const std::string& file, std::size_t line, const std::string& expected)
        : std::runtime_error(file + ":" + std::to_string(line) + ": " + expected) {}
    explicit input_error(const std::string& what) : std::runtime_error(what) {}
};

enum class file_format { automatic, text, csv, swf, trace, rt_app };

/// Reads a file, or standard input for "-". Throws: input_error.
workload read_file(const std::string& path, file_format format = file_format::automatic);

/// The same from a text; `name` is for messages.
workload read(std::string_view text, const std::string& name, file_format format = file_format::automatic);

workload read_text(std::string_view text, const std::string& name);
workload read_csv(std::string_view text, const std::string& name);
workload read_swf(std::string_view text, const std::string& name);
workload read_trace(std::string_view text, const std::string& name);
workload read_rt_app(std::string_view text, const std::string& name);

}  // namespace heddle::inline v0::sched
