// SPDX-License-Identifier: BSL-1.0
#include "output.hpp"

#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "../compare/progress.hpp"
#include "../usage_error.hpp"

namespace heddle::inline v0::cli {

void print_out(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        throw std::runtime_error(std::string("cannot write the report: ") + std::strerror(errno));
}

void write_file(const std::string& path, const std::string& text) {
    std::FILE* const f = std::fopen(path.c_str(), "w");
    int error = f == nullptr ? errno : 0;
    if (f != nullptr) {
        // What is buffered is written when the file is closed, and may fail only then.
        if (std::fwrite(text.data(), 1, text.size(), f) != text.size()) error = errno;
        if (std::fclose(f) != 0 && error == 0) error = errno;
    }
    if (error != 0)
        throw usage_error("cannot write " + path + ": " + std::strerror(error) +
                          "; give a file that you may write");
}

std::size_t chart_width() {
    return ::isatty(STDOUT_FILENO) == 1 ? columns(STDOUT_FILENO) : 100;
}

}  // namespace heddle::inline v0::cli
