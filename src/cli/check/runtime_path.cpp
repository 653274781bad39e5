// SPDX-License-Identifier: BSL-1.0
#include "runtime_path.hpp"

#include <cstdlib>
#include <filesystem>

#include "../usage_error.hpp"

namespace heddle::inline v0::cli {

std::string runtime_path() {
    if (const char* const given = ::getenv("HEDDLE_CHECK_RUNTIME"); given != nullptr && *given != 0)
        return given;
    std::error_code ignored;
    const std::filesystem::path folder =
        std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
    // Installed: PREFIX/bin and PREFIX/lib; built: bin and src/check of the build folder, or a folder below.
    for (const std::filesystem::path& candidate :
         {folder / ".." / HEDDLE_LIBDIR, folder / ".." / "src" / "check",
          folder / ".." / ".." / "src" / "check"})
        if (std::filesystem::exists(candidate / "libheddle_check.so", ignored))
            return std::filesystem::canonical(candidate, ignored) / "libheddle_check.so";
    throw usage_error(
        "libheddle_check.so was not found beside the command; set HEDDLE_CHECK_RUNTIME to its path");
}

}  // namespace heddle::inline v0::cli
