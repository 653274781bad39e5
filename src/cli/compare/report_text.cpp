// SPDX-License-Identifier: BSL-1.0
#include "report.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace heddle::inline v0::cli {

namespace {

std::string row(const model_result& m, const std::string& unit) {
    if (!m.ok())
        return fmt::format("{:<11} failed: {}\n", name_of(m.which),
                           m.failures.empty() ? "" : m.failures.front());
    const double spread = m.wall.median > 0 ? 50 * (m.wall.max - m.wall.min) / m.wall.median : 0;
    return fmt::format(
        "{:<11} {:>3} {:>9} {:>5} {:>6} {:>9.4g} {:<8} {:>8} {:>8} {:>8} {:>8} {:>6.1f} MB {:>7.0f} "
        "{:>7.0f}\n",
        name_of(m.which), m.workers, duration_text(m.wall.median), fmt::format("±{:.0f}%", spread),
        m.speed_up > 0 ? fmt::format("{:.2f}x", m.speed_up) : "-", m.throughput, unit + "/s",
        duration_text(m.p50), duration_text(m.p95), duration_text(m.p99), duration_text(m.cpu),
        m.memory / 1e6, m.voluntary, m.involuntary);
}

void add_some(std::string& text, const std::vector<std::string>& lines, std::size_t most) {
    for (std::size_t i = 0; i < std::min(lines.size(), most); ++i) text += "  " + lines[i] + "\n";
    if (lines.size() > most) text += fmt::format("  … and {} more\n", lines.size() - most);
}

}  // namespace

std::string text_report(const comparison& c, const std::optional<verdict>& v) {
    std::string text = c.title + "\n\n";
    text += fmt::format("{:<11} {:>3} {:>9} {:>5} {:>6} {:>18} {:>8} {:>8} {:>8} {:>8} {:>9} {:>15}\n",
                        "model", "at", "wall", "+-", "speed", "throughput      ", "p50", "p95", "p99", "CPU",
                        "memory", "switches");
    text += fmt::format("{:<11} {:>3} {:>9} {:>5} {:>6} {:>18} {:>26} {:>8} {:>9} {:>15}\n", "", "once",
                        "median", "", "up", "", "per item            ", "", "peak", "vol.   invol.");
    for (const auto& m : c.models) text += row(m, c.unit);
    text += "\n";
    if (const run_report* const r = c.any_run())
        for (const auto& line : r->summary) text += line + "\n";
    if (!c.same_answer) text += "ERROR: the models do not give the same answer\n";
    if (!c.problems.empty()) {
        text += fmt::format("{} could not be read or fetched:\n", c.problems.size());
        add_some(text, c.problems, 5);
    }
    add_some(text, c.notes, 10);
    if (v) {
        text += "\nverdict: " + v->sentence + "\n";
        for (const auto& reason : v->reasons) text += "  - " + reason + "\n";
    }
    return text;
}

}  // namespace heddle::inline v0::cli
