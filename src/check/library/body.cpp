// SPDX-License-Identifier: BSL-1.0
#include <check/runtime/entry_library.hpp>
#include <filesystem>
#include <heddle/check/body.hpp>
#include <heddle/rt/error.hpp>
#include <stdexcept>
#include <string>

namespace heddle::inline v0::check {

namespace {

void need_exploration(const char* what) {
    if (!active()) throw invalid_state(std::string(what) + " outside of a function that is explored");
}

}  // namespace

void require(bool holds, std::string_view what, std::source_location where) {
    if (holds) return;
    std::string message = "not as required: ";
    if (what.empty())
        message +=
            std::filesystem::path(where.file_name()).filename().string() + ":" + std::to_string(where.line());
    else
        message += what;
    if (!active()) throw error(message);
    heddle_check_fail(verdict::requirement, message.c_str());
}

void assume(bool holds) {
    need_exploration("assume()");
    if (!holds) heddle_check_fail(verdict::assumption, "");
}

std::size_t choose(std::size_t n) {
    need_exploration("choose()");
    if (n == 0) throw std::invalid_argument("choose(0)");
    return heddle_check_choose(n);
}

bool active() noexcept {
    return heddle_check_active();
}

}  // namespace heddle::inline v0::check
