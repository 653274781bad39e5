// SPDX-License-Identifier: BSL-1.0
#pragma once

// A folder of its own for a test, removed with everything in it.

#include <gtest/gtest.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace cli_tests {

class scratch_folder {
 public:
    scratch_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "heddle-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
        path_ = name;
    }
    ~scratch_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;

    const std::filesystem::path& path() const { return path_; }

    /// The path of a new file with this content.
    std::string write(const std::string& name, std::string_view content) const {
        const auto file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream out(file, std::ios::binary);
        out.write(content.data(), static_cast<std::streamsize>(content.size()));
        if (!out.flush()) ADD_FAILURE() << "cannot write " << file;
        return file.string();
    }

 private:
    std::filesystem::path path_;
};

}  // namespace cli_tests
