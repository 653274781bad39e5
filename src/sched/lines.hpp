// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "read.hpp"

namespace heddle::inline v0::sched {

/// The lines of a text, and complaints about the current one.
class lines {
 public:
    lines(std::string_view text, std::string name) : rest_(text), name_(std::move(name)) {}

    /// The next line, without its end; false after the last.
    bool next(std::string_view& line) {
        if (rest_.empty()) return false;
        ++number_;
        const std::size_t end = std::min(rest_.find('\n'), rest_.size());
        line = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        return true;
    }

    [[noreturn]] void fail(const std::string& expected) const { throw input_error(name_, number_, expected); }
    std::size_t number() const noexcept { return number_; }

 private:
    std::string_view rest_;
    std::string name_;
    std::size_t number_ = 0;
};

/// "…" with what cannot be shown left out, and not too long.
inline std::string in_quotes(std::string_view word) {
    std::string text = "'";
    for (const char c : word.substr(0, 40)) text += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
    return text + (word.size() > 40 ? "…'" : "'");
}

inline std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The words between blanks.
inline void split(std::string_view line, std::vector<std::string_view>& words) {
    words.clear();
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
        const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
}

template <class Number> std::optional<Number> number_in(std::string_view word) {
    Number n{};
    const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), n);
    if (error != std::errc() || rest != word.data() + word.size()) return std::nullopt;
    return n;
}

}  // namespace heddle::inline v0::sched
