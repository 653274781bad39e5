// SPDX-License-Identifier: BSL-1.0
#pragma once

// A failing schedule on disk, to be run again: JSON, one object. What identifies the program (path,
// arguments, a hash of the file), the orders, the hot instructions and the changes of thread.

#include <check/explore/finding.hpp>
#include <check/explore/switches.hpp>
#include <optional>
#include <string>
#include <vector>

namespace heddle::inline v0::check {

struct replay {
    std::vector<std::string> command;
    std::string program_hash;  ///< of the program's file
    failure_kind kind = failure_kind::none;
    std::string message;
    std::uint64_t hash = 0;  ///< of the schedule
    orders asked{};
    std::vector<guide_switch> switches;
    std::vector<std::uint64_t> hot;
    std::optional<std::string> expected_output{};  ///< if what it prints counts
};

/// The replay of what `f` shows.
replay make_replay(const finding& f, const schedule_server& server, const std::vector<std::string>& command);

/// Throws: heddle::error with a sentence if it cannot be written.
void write_replay(const std::string& file, const replay& r);

/// Throws: heddle::error with a sentence if it cannot be read or is no replay file.
replay read_replay(const std::string& file);

/// A hash of the contents of the program that `command` starts; empty if it cannot be read.
std::string hash_of_program(const std::string& program);

}  // namespace heddle::inline v0::check
