// SPDX-License-Identifier: BSL-1.0
#include "read_file.hpp"

#include <fcntl.h>
#include <cerrno>
#include <cstring>
#include <heddle/io/unique_fd.hpp>
#include <vector>

namespace heddle::inline v0::cli {

std::string read_file(const std::string& path, const std::function<bool(std::string_view)>& take) {
    const auto failed = [&path] { return "cannot read " + path + ": " + std::strerror(errno); };
    const unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) return failed();
    thread_local std::vector<char> buffer(256 << 10);
    for (;;) {
        const auto n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed();
        if (n == 0 || !take({buffer.data(), static_cast<std::size_t>(n)})) return {};
    }
}

}  // namespace heddle::inline v0::cli
