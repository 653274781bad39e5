// SPDX-License-Identifier: BSL-1.0
#include "files.hpp"

#include "../usage_error.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace heddle::inline v0::cli {

namespace fs = std::filesystem;

namespace {

void walk(const fs::path& folder, found_files& found) {
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    if (error) {
        found.problems.push_back("cannot read directory " + folder.string() + ": " + error.message());
        return;
    }
    for (const fs::directory_iterator end; entries != end; entries.increment(error)) {
        if (error) break;
        const fs::file_status status = entries->symlink_status(error);
        if (error) continue;
        if (fs::is_directory(status)) {
            walk(entries->path(), found);
        } else if (fs::is_regular_file(status)) {
            const auto size = entries->file_size(error);
            found.files.push_back({entries->path().string(), error ? 0 : size});
            found.bytes += found.files.back().size;
        }
    }
}

}  // namespace

found_files find_files(const std::string& directory) {
    std::error_code error;
    const fs::file_status status = fs::status(directory, error);
    if (error || !fs::is_directory(status))
        throw usage_error("cannot read directory " + directory + ": " +
                          (error ? error.message() : std::string("Not a directory")) +
                          "; give a directory of files");
    found_files found;
    walk(directory, found);
    if (found.files.empty())
        throw usage_error(found.problems.empty()
                              ? "directory " + directory + " has no files; give one that has some"
                              : found.problems.front() + "; give a directory that you may read");
    std::sort(found.files.begin(), found.files.end(),
              [](const found_file& a, const found_file& b) { return a.path < b.path; });
    return found;
}

std::vector<std::vector<std::string>> group_files(const std::vector<found_file>& files, std::uint64_t bytes) {
    std::vector<std::vector<std::string>> groups;
    std::uint64_t in_group = bytes;  // full: the first file opens a group
    for (const auto& f : files) {
        if (in_group >= bytes) {
            groups.emplace_back();
            in_group = 0;
        }
        groups.back().push_back(f.path);
        in_group += f.size + 512;  // opening a file costs something, however short it is
    }
    return groups;
}

}  // namespace heddle::inline v0::cli
