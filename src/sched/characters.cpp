// SPDX-License-Identifier: BSL-1.0
#include "characters.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "report.hpp"

namespace heddle::inline v0::sched {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

// The code point at the beginning, and its bytes; none if it is not UTF-8 (RFC 3629).
std::size_t decode(std::string_view text, char32_t& code) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) {
        code = first;
        return 1;
    }
    const std::size_t n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < n) return 0;
    code = first & (0xFFu >> (n + 1));
    for (std::size_t i = 1; i < n; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
        code = (code << 6) | (byte(i) & 0x3Fu);
    }
    const bool too_long = (n == 3 && code < 0x800) || (n == 4 && code < 0x10000);
    const bool none = (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF;
    return too_long || none ? 0 : n;
}

struct range {
    char32_t first, last;
};

bool is_in(char32_t c, const range* ranges, std::size_t count) {
    return std::any_of(ranges, ranges + count, [&](const range& r) { return c >= r.first && c <= r.last; });
}

// Marks that stand on the character before, and what is not seen at all.
bool is_mark(char32_t c) {
    constexpr range all[] = {{0x300, 0x36F},    {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},
                             {0x64B, 0x65F},    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D},
                             {0x20D0, 0x20FF},  {0x2060, 0x2060}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
                             {0xE0100, 0xE01EF}};
    return is_in(c, all, std::size(all));
}

// East Asian wide characters and pictures (Unicode's EastAsianWidth.txt, in short).
bool is_wide(char32_t c) {
    constexpr range all[] = {{0x1100, 0x115F},  {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},
                             {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                             {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
                             {0x20000, 0x3FFFD}};
    return is_in(c, all, std::size(all));
}

// C0, C1, and what turns the direction of a line.
bool controls(char32_t c) {
    constexpr range all[] = {{0, 0x1F},        {0x7F, 0x9F},     {0x200E, 0x200F},
                             {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}};
    return is_in(c, all, std::size(all));
}

}  // namespace

std::vector<character> characters_of(std::string_view text) {
    std::vector<character> all;
    while (!text.empty()) {
        char32_t code = 0;
        const std::size_t n = decode(text, code);
        const std::string_view bytes = text.substr(0, std::max<std::size_t>(1, n));
        text.remove_prefix(bytes.size());
        if (n == 0) {
            all.push_back({replacement, 0xFFFD, 1});
        } else if (is_mark(code) && !all.empty() &&
                   all.back().bytes.data() + all.back().bytes.size() == bytes.data()) {
            all.back().bytes = {all.back().bytes.data(), all.back().bytes.size() + bytes.size()};
        } else {
            all.push_back({bytes, code, is_wide(code) ? 2u : is_mark(code) ? 0u : 1u});
        }
    }
    return all;
}

std::string printable(const std::string& text) {
    std::string out;
    for (const character& c : characters_of(text)) out += controls(c.code) ? replacement : c.bytes;
    return out;
}

std::size_t shown_width(const std::string& text) {
    std::size_t columns = 0;
    for (const character& c : characters_of(text)) columns += c.columns;
    return columns;
}

std::string shortened(const std::string& text, std::size_t columns) {
    if (shown_width(text) <= columns) return text;
    std::string out;
    std::size_t used = 0;
    for (const character& c : characters_of(text)) {
        if (used + c.columns + 1 > columns) break;
        out += c.bytes;
        used += c.columns;
    }
    return columns == 0 ? "" : out + "…";
}

std::string padded(const std::string& text, std::size_t columns) {
    return text + std::string(columns - std::min(columns, shown_width(text)), ' ');
}

}  // namespace heddle::inline v0::sched
