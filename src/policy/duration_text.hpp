// SPDX-License-Identifier: BSL-1.0
#pragma once

// Durations as users write them: 4, 10ms, 1.5s, 2e6. Read digit by digit, because a double has no room for
// all of them.

#include <charconv>
#include <cstdint>
#include <heddle/policy/any_policy.hpp>
#include <string>
#include <string_view>
#include <system_error>

namespace heddle::inline v0::policy {

/// So that a time that long can be added to others.
inline constexpr std::int64_t longest_duration = std::int64_t{1} << 61;

enum class duration_fault : std::uint8_t { none, not_a_duration, fraction, too_long };

struct duration_text {
    duration value{};
    bool has_unit = false;  ///< then it is in nanoseconds
    duration_fault fault = duration_fault::none;
};

/// What a word says. What is finer than a nanosecond is rounded; a number without a unit has no fractions.
inline duration_text duration_from(std::string_view word) {
    const auto wrong = [](duration_fault f) { return duration_text{.fault = f}; };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    std::size_t end = 0, point = std::string_view::npos;
    while (end < word.size() &&
           (is_digit(word[end]) || (word[end] == '.' && point == std::string_view::npos))) {
        if (word[end] == '.') point = end;
        ++end;
    }
    const std::string_view digits = word.substr(0, end);
    if (digits.empty() || digits == ".") return wrong(duration_fault::not_a_duration);
    if (point == std::string_view::npos) point = end;
    int exponent = 0;
    if (end < word.size() && (word[end] == 'e' || word[end] == 'E')) {
        const char* const first = word.data() + end + 1 + (word.substr(end + 1).starts_with('+') ? 1 : 0);
        const auto [rest, error] = std::from_chars(first, word.data() + word.size(), exponent);
        if (error != std::errc()) return wrong(duration_fault::not_a_duration);
        end = static_cast<std::size_t>(rest - word.data());
    }
    const std::string_view unit = word.substr(end);
    int thousands = 0;
    if (unit == "us")
        thousands = 1;
    else if (unit == "ms")
        thousands = 2;
    else if (unit == "s")
        thousands = 3;
    else if (!unit.empty() && unit != "ns")
        return wrong(duration_fault::not_a_duration);

    // The digits before the decimal point, once it has been moved, are the number.
    constexpr auto longest = static_cast<std::uint64_t>(longest_duration);
    const std::int64_t whole = static_cast<std::int64_t>(point) + exponent + 3 * thousands;
    std::uint64_t n = 0;
    std::int64_t place = 0;
    bool fraction = false, up = false;
    for (const char c : digits) {
        if (c == '.') continue;
        if (place < whole) {
            if (n > longest / 10) return wrong(duration_fault::too_long);
            n = n * 10 + static_cast<std::uint64_t>(c - '0');
        } else {
            if (place == whole) up = c >= '5';
            fraction = fraction || c != '0';
        }
        ++place;
    }
    for (; place < whole && n != 0; ++place) {
        if (n > longest / 10) return wrong(duration_fault::too_long);
        n *= 10;
    }
    if (n > longest) return wrong(duration_fault::too_long);
    if (unit.empty() && fraction) return wrong(duration_fault::fraction);
    return {duration(static_cast<std::int64_t>(n + (up ? 1 : 0))), !unit.empty(), duration_fault::none};
}

/// What is wrong with a duration, to stand behind it.
inline const char* said(duration_fault fault) {
    switch (fault) {
        case duration_fault::fraction:
            return "is not a whole number; without a unit there are no fractions";
        case duration_fault::too_long:
            return "is too long; a time is at most 2.3e18, or 2.3e9s";
        default:
            return "is not a duration such as 4 or 10ms";
    }
}

/// What is wrong with a duration that has a unit, or has none, where it should be otherwise; empty if nothing
/// is.
inline std::string wrong_unit(const duration_text& d, std::string_view word, duration_units units) {
    if (d.value == duration::zero()) return "";
    if (units == duration_units::required && !d.has_unit)
        return "has no unit, and the times of the workload have one; write " + std::string(word) + "ms or " +
               std::string(word) + "us";
    if (units == duration_units::none && d.has_unit) {
        const std::string number(word.substr(0, word.find_first_of("nums")));
        return "has a unit, and the times of the workload have none; write " + number;
    }
    return "";
}

}  // namespace heddle::inline v0::policy
