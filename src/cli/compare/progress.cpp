// SPDX-License-Identifier: BSL-1.0
#include "progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>

namespace heddle::inline v0::cli {

unsigned columns(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

progress_bar::progress_bar(bool wanted) : on_(wanted && ::isatty(STDERR_FILENO) == 1) {
    if (on_) std::fputs("\033[?25l", stderr);  // the cursor would flicker
}

progress_bar::~progress_bar() {
    if (on_) std::fputs("\r\033[K\033[?25h", stderr);
}

void progress_bar::show(const std::string& what, std::uint64_t done, std::uint64_t total) {
    if (!on_) return;
    const std::size_t width = std::clamp<std::size_t>(columns(STDERR_FILENO), 40, 120) - 36;
    const std::size_t filled = total == 0 ? 0 : std::min<std::size_t>(width, width * done / total);
    const std::string line =
        fmt::format("\r\033[K{:<24} [{}{}] {:3} %", what.substr(0, 24), std::string(filled, '='),
                    std::string(width - filled, ' '), total == 0 ? 0 : 100 * done / total);
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
}

}  // namespace heddle::inline v0::cli
