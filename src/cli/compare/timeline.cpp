// SPDX-License-Identifier: BSL-1.0
#include "report.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>

namespace heddle::inline v0::cli {

std::vector<std::vector<span>> strands_of(const model_result& m) {
    std::vector<span> spans = m.runs.front().spans;
    std::sort(spans.begin(), spans.end(), [](const span& a, const span& b) { return a.start < b.start; });
    std::vector<std::vector<span>> rows;
    std::map<std::int32_t, std::size_t> row_of;
    for (const span& s : spans) {
        if (m.which == model::coroutines) {
            const auto free = std::find_if(rows.begin(), rows.end(),
                                           [&s](const auto& r) { return r.back().end <= s.start; });
            (free != rows.end() ? *free : rows.emplace_back()).push_back(s);
        } else {
            const auto [at, is_new] = row_of.try_emplace(s.who, rows.size());
            if (is_new) rows.emplace_back();
            rows[at->second].push_back(s);
        }
    }
    return rows;
}

namespace {

constexpr std::size_t most_rows = 26;  // a letter each

std::string drawn(const std::vector<span>& row, std::int64_t began, double columns_per_ns,
                  std::size_t width) {
    std::string line(width, ' ');
    const auto column = [&](std::int64_t t) {
        const double c = static_cast<double>(t - began) * columns_per_ns;
        return static_cast<std::size_t>(std::clamp(c, 0.0, static_cast<double>(width - 1)));
    };
    for (const span& s : row) {
        const std::size_t from = column(s.start);
        const std::size_t to = column(s.end);
        if (to == from) {
            line[from] = '|';  // too short for brackets at this scale
            continue;
        }
        line[from] = '[';
        for (std::size_t i = from + 1; i < to; ++i) line[i] = '=';
        line[to] = ']';
    }
    return line;
}

}  // namespace

std::string timeline(const comparison& c, unsigned width) {
    double longest = 0;
    for (const auto& m : c.models)
        for (const auto& r : m.runs) {
            longest = std::max(longest, static_cast<double>(r.wall_ns));
            break;
        }
    const std::size_t room = std::max(width, 40U) - 4;
    std::string text;
    for (const auto& m : c.models) {
        if (!m.ok()) continue;
        const auto rows = strands_of(m);
        text += fmt::format("{} ({}; {} long)\n", name_of(m.which),
                            rows.size() == 1 ? "1 strand" : fmt::format("{} strands", rows.size()),
                            duration_text(static_cast<double>(m.runs.front().wall_ns) * 1e-9));
        for (std::size_t i = 0; i < std::min(rows.size(), most_rows); ++i)
            text += fmt::format("{} {}\n", static_cast<char>('A' + i),
                                drawn(rows[i], m.runs.front().began,
                                      static_cast<double>(room) / std::max(longest, 1.0), room));
        if (rows.size() > most_rows) text += fmt::format("  … and {} more\n", rows.size() - most_rows);
    }
    text += fmt::format("one column is {}\n", duration_text(longest * 1e-9 / static_cast<double>(room)));
    return text;
}

}  // namespace heddle::inline v0::cli
