// SPDX-License-Identifier: BSL-1.0
#include "output.hpp"

#include <fcntl.h>
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

namespace {

[[noreturn]] void cannot_write(const std::string& path) {
    throw usage_error("cannot write " + path + ": " + std::strerror(errno) +
                      "; give a file that you may write");
}

}  // namespace

output_file::output_file(const std::string& path)
    : path_(path),
      fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)) {
    if (!fd_) cannot_write(path_);
}

void output_file::write(const std::string& text) const {
    // Devices and pipes hold nothing.
    if (::ftruncate(fd_.get(), 0) != 0 && errno != EINVAL) cannot_write(path_);
    for (std::size_t at = 0; at < text.size();) {
        const ::ssize_t n = ::write(fd_.get(), text.data() + at, text.size() - at);
        if (n < 0 && errno != EINTR) cannot_write(path_);
        if (n > 0) at += static_cast<std::size_t>(n);
    }
}

void write_file(const std::string& path, const std::string& text) {
    output_file(path).write(text);
}

std::size_t chart_width() {
    return ::isatty(STDOUT_FILENO) == 1 ? columns(STDOUT_FILENO) : 100;
}

}  // namespace heddle::inline v0::cli
