// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::inline v0::cli {

struct found_file {
    std::string path;
    std::uint64_t size = 0;
};

struct found_files {
    std::vector<found_file> files;      // sorted by path
    std::vector<std::string> problems;  // folders that could not be read
    std::uint64_t bytes = 0;
};

/// The regular files under `directory`; symbolic links are not followed.
/// @throws usage_error if there is no such directory or no file in it
found_files find_files(const std::string& directory);

/// Puts neighbouring files together until each group has about `bytes` bytes.
std::vector<std::vector<std::string>> group_files(const std::vector<found_file>& files, std::uint64_t bytes);

}  // namespace heddle::inline v0::cli
