// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <algorithm>

#include "report.hpp"

namespace heddle::inline v0::sched {

namespace {

constexpr std::size_t most_rows = 40;

// Maps time to columns.
struct scale {
    time begin{};
    double per_column = 1;
    std::size_t columns = 1;

    std::size_t column(time t) const {
        const double c = static_cast<double>((t - begin).count()) / per_column;
        return static_cast<std::size_t>(std::clamp(c, 0.0, static_cast<double>(columns)));
    }
};

// How much of each column a span covers is added.
void cover(std::vector<double>& row, const scale& s, time from, time to) {
    const double a = static_cast<double>((from - s.begin).count()) / s.per_column;
    const double b = static_cast<double>((to - s.begin).count()) / s.per_column;
    for (std::size_t c = s.column(from); c < s.columns && static_cast<double>(c) < b; ++c)
        row[c] += std::min(b, static_cast<double>(c + 1)) - std::max(a, static_cast<double>(c));
}

std::size_t shown_width(const std::string& name) {
    return static_cast<std::size_t>(
        std::count_if(name.begin(), name.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& name, std::size_t width) {
    return name + std::string(width - std::min(width, shown_width(name)), ' ');
}

// "|P1  |P2 |" and the times of the changes below it, if there is room.
std::string chart_of_cpu(const workload& w, const policy_run& r, std::uint32_t cpu, const scale& s,
                         const std::string& label) {
    std::string bar(s.columns + 1, ' ');
    std::string times(s.columns + 12, ' ');
    std::size_t free_from = 0;
    const auto mark = [&](time t) {
        const std::string text =
            r.run.segments.empty()
                ? ""
                : (w.unit == time_unit::nanoseconds
                       ? fmt::format("{:.4g}", static_cast<double>(t.time_since_epoch().count()) / 1e6)
                       : fmt::format("{}", t.time_since_epoch().count()));
        const std::size_t at = s.column(t);
        if (at < free_from || at + text.size() > times.size()) return;
        times.replace(at, text.size(), text);
        free_from = at + text.size() + 1;
    };
    for (const segment& g : r.run.segments) {
        if (g.cpu != cpu) continue;
        const std::size_t a = s.column(g.begin), b = s.column(g.end);
        for (std::size_t c = a + 1; c < b; ++c) bar[c] = '-';
        bar[a] = '|';
        bar[b] = '|';
        const std::string& name = w.tasks[g.task].name;
        if (b > a + 1) {
            const std::string cut = name.substr(0, b - a - 1);
            for (const char c : cut)
                if (static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126) return "";
            bar.replace(a + 1, cut.size(), cut);
        }
        mark(g.begin);
        mark(g.end);
    }
    times.erase(times.find_last_not_of(' ') + 1);
    return label + bar + "\n" + std::string(label.size(), ' ') + times + "\n";
}

}  // namespace

std::string gantt_text(const workload& w, const policy_run& r, std::size_t columns) {
    if (r.run.segments.empty()) return "";
    std::size_t name_width = 6;
    for (std::size_t i = 0; i < std::min(most_rows, w.tasks.size()); ++i)
        name_width = std::max(name_width, std::min<std::size_t>(20, shown_width(w.tasks[i].name) + 1));
    scale s;
    s.begin = r.run.begin;
    s.columns = std::max<std::size_t>(20, columns > name_width + 14 ? columns - name_width - 14 : 20);
    const auto span = std::max<std::int64_t>(1, (r.run.end - r.run.begin).count());
    // A whole number of columns for each unit where that fits, so that equal times look equal.
    if (static_cast<std::size_t>(span) * 2 <= s.columns)
        s.columns = s.columns / static_cast<std::size_t>(span) * static_cast<std::size_t>(span);
    s.per_column = static_cast<double>(span) / static_cast<double>(s.columns);

    std::string text = r.policy + "\n";
    std::vector<std::vector<double>> ran(std::min(most_rows, w.tasks.size()), std::vector<double>(s.columns));
    auto waiting = ran, away = ran;
    for (const segment& g : r.run.segments)
        if (g.task < ran.size()) cover(ran[g.task], s, g.begin, g.end);
    for (const job_result& j : r.run.jobs)
        if (j.task < ran.size()) cover(waiting[j.task], s, j.arrival, j.finished() ? j.finish : r.run.end);
    for (const event& e : r.run.events)
        if (e.kind == event_kind::waits && e.task < ran.size())
            cover(away[e.task], s, e.at, std::min(r.run.end, e.at + duration(e.other)));
    for (std::size_t i = 0; i < ran.size(); ++i) {
        std::string name = w.tasks[i].name;
        if (shown_width(name) > name_width - 1) name = name.substr(0, name_width - 1);
        text += padded(name, name_width);
        for (std::size_t c = 0; c < s.columns; ++c) {
            const double ready = waiting[i][c] - ran[i][c] - away[i][c];
            if (ran[i][c] > 0 && ran[i][c] >= ready && ran[i][c] >= away[i][c])
                text += "█";
            else if (away[i][c] > 0 && away[i][c] >= ready)
                text += "~";
            else if (ready > 1e-9)
                text += "░";
            else if (ran[i][c] > 0)
                text += "▏";
            else
                text += " ";
        }
        text += "\n";
    }
    if (w.tasks.size() > most_rows) text += fmt::format("… and {} more\n", w.tasks.size() - most_rows);
    for (std::uint32_t cpu = 0; cpu < std::min(16u, static_cast<std::uint32_t>(r.run.cpus)); ++cpu)
        text += chart_of_cpu(w, r, cpu, s, padded(fmt::format("CPU {}", cpu), name_width));
    return text + "█ runs  ░ ready, waits for a CPU or a lock  ~ waits for a device\n";
}

}  // namespace heddle::inline v0::sched
