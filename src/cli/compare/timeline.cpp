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
        return static_cast<std::size_t>(std::clamp(c, 0.0, static_cast<double>(width)));
    };
    for (const span& s : row) {
        const std::size_t from = std::min(column(s.start), width - 1);
        const std::size_t to =
            std::max(column(s.end), from + 1);  // the first column that is no longer its own
        if (to - from == 1) {
            line[from] = '|';  // too short for brackets at this scale
            continue;
        }
        std::fill(line.begin() + static_cast<std::ptrdiff_t>(from),
                  line.begin() + static_cast<std::ptrdiff_t>(to), '=');
        line[from] = '[';
        line[to - 1] = ']';
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return line;
}

}  // namespace

std::string timeline(const comparison& c, unsigned width) {
    const std::size_t room = std::max(width, 40U) - 4;
    std::string text;
    for (const auto& m : c.models) {
        if (!m.ok()) continue;
        const run_report& run = m.runs.front();
        const double length = std::max(static_cast<double>(run.wall_ns), 1.0);
        const auto rows = strands_of(m);
        text += fmt::format("{}: {} in {}, a column is {}\n", name_of(m.which),
                            rows.size() == 1 ? "1 strand" : fmt::format("{} strands", rows.size()),
                            duration_text(length * 1e-9),
                            duration_text(length * 1e-9 / static_cast<double>(room)));
        for (std::size_t i = 0; i < std::min(rows.size(), most_rows); ++i)
            text += fmt::format("{} {}\n", static_cast<char>('A' + i),
                                drawn(rows[i], run.began, static_cast<double>(room) / length, room));
        if (rows.size() > most_rows) text += fmt::format("  … and {} more\n", rows.size() - most_rows);
    }
    return text;
}

}  // namespace heddle::inline v0::cli
