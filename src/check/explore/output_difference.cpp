// SPDX-License-Identifier: BSL-1.0
#include "output_difference.hpp"

#include <algorithm>
#include <cstdint>

namespace heddle::inline v0::check {

namespace {

constexpr std::size_t most_shown = 60;  // bytes of a line

// From `begin` to the end of its line, as one can print it.
std::string line_at(const std::string& text, std::size_t begin) {
    std::string line = text.substr(begin, text.find('\n', begin) - begin);
    const bool cut = line.size() > most_shown;
    if (cut) {
        std::size_t end = most_shown;
        // Not within a character of several bytes.
        while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
        line.resize(end);
    }
    std::replace_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; },
        '?');
    return "'" + line + (cut ? "…'" : "'");
}

}  // namespace

std::string output_difference(const std::string& expected, const std::string& output) {
    const auto [e, o] = std::mismatch(expected.begin(), expected.end(), output.begin(), output.end());
    if (e == expected.end() && o == output.end()) return {};
    const std::size_t at = static_cast<std::size_t>(e - expected.begin());
    const std::size_t newline = at == 0 ? std::string::npos : expected.rfind('\n', at - 1);
    const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
    const std::string line = "line " + std::to_string(1 + std::count(expected.begin(), e, '\n'));
    if (begin == output.size())
        return "the output ends before " + line + ", which was " + line_at(expected, begin) +
               " in the first schedule";
    if (begin == expected.size())
        return "the output goes on with " + line + ", " + line_at(output, begin) +
               "; in the first schedule it ended before";
    return line + " of the output is " + line_at(output, begin) + ", and was " + line_at(expected, begin) +
           " in the first schedule";
}

}  // namespace heddle::inline v0::check
