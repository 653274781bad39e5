// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <algorithm>

#include "characters.hpp"
#include "report.hpp"

namespace heddle::inline v0::sched {

namespace {

constexpr std::size_t most_rows = 40;
constexpr int most_cpus = 16;

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

// What of a name fits into a bar, a cell for each column; behind a wide character is an empty one.
std::vector<std::string> cells_of(const std::string& name, std::size_t columns) {
    std::vector<std::string> cells;
    for (const character& c : characters_of(name)) {
        if (cells.size() + c.columns > columns) break;
        if (c.columns == 0) continue;
        cells.emplace_back(c.bytes);
        if (c.columns == 2) cells.emplace_back();
    }
    return cells;
}

// "|P1  |P2 |" and the times of the changes below it, if there is room.
std::string chart_of_cpu(const workload& w, const policy_run& r, std::uint32_t cpu, const scale& s,
                         const std::string& label) {
    std::vector<std::string> bar(s.columns + 1, " ");
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
        for (std::size_t c = a + 1; c < b; ++c) bar[c] = "-";
        bar[a] = "|";
        bar[b] = "|";
        if (b > a + 1) {
            const auto cells = cells_of(printable(w.tasks[g.task].name), b - a - 1);
            std::copy(cells.begin(), cells.end(), bar.begin() + static_cast<std::ptrdiff_t>(a + 1));
        }
        mark(g.begin);
        mark(g.end);
    }
    times.erase(times.find_last_not_of(' ') + 1);
    std::string text = label;
    for (const std::string& cell : bar) text += cell;
    return text + "\n" + std::string(shown_width(label), ' ') + times + "\n";
}

}  // namespace

std::string gantt_text(const workload& w, const policy_run& r, std::size_t columns) {
    if (r.run.segments.empty()) return "";
    std::size_t name_width = 6;
    for (std::size_t i = 0; i < std::min(most_rows, w.tasks.size()); ++i)
        name_width =
            std::max(name_width, std::min<std::size_t>(20, shown_width(printable(w.tasks[i].name)) + 1));
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
        if (j.task < ran.size()) cover(waiting[j.task], s, j.arrival, end_of(j, r.run));
    std::vector<std::vector<char>> missed(ran.size(), std::vector<char>(s.columns));
    bool any_missed = false;
    for (const job_result& j : r.run.jobs) {
        if (!j.missed || j.task >= ran.size()) continue;
        missed[j.task][std::min(s.column(j.deadline), s.columns - 1)] = 1;
        any_missed = true;
    }
    for (const event& e : r.run.events)
        if (e.kind == event_kind::waits && e.task < ran.size())
            cover(away[e.task], s, e.at, std::min(r.run.end, e.at + duration(e.other)));
    for (std::size_t i = 0; i < ran.size(); ++i) {
        text += padded(shortened(printable(w.tasks[i].name), name_width - 1), name_width);
        for (std::size_t c = 0; c < s.columns; ++c) {
            const double ready = waiting[i][c] - ran[i][c] - away[i][c];
            if (missed[i][c] != 0)
                text += "!";
            else if (ran[i][c] > 0 && ran[i][c] >= ready && ran[i][c] >= away[i][c])
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
    if (w.tasks.size() > most_rows) text += fmt::format("… and {} more tasks\n", w.tasks.size() - most_rows);
    for (int cpu = 0; cpu < std::min(most_cpus, r.run.cpus); ++cpu)
        text += chart_of_cpu(w, r, static_cast<std::uint32_t>(cpu), s,
                             padded(fmt::format("CPU {}", cpu), name_width));
    if (r.run.cpus > most_cpus) text += fmt::format("… and {} more CPUs\n", r.run.cpus - most_cpus);
    text += "█ runs  ░ ready, waits for a CPU or a lock  ~ waits for a device";
    return text + (any_missed ? "  ! misses a deadline\n" : "\n");
}

}  // namespace heddle::inline v0::sched
